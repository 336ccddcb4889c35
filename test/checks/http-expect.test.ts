import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mistakeInBodyTest, parseBodyTest } from "../../checks/http-expect.ts";

describe("regular expressions that would block the agent", () => {
  const refused = [
    "/(a+)+$/",
    "/^(a*)*b/i",
    "/(.*)*x/",
    "/([a-z)]+)*!/",
    "/(\\w+)+;/",
    "/(?:a+?)+$/",
    "/(?<word>\\S+)+$/",
    "/(a{2,})+$/",
    "/(a+){1,}$/",
    "/\\\\(a+)+$/",
    "/ok|(\\)+)+$/",
  ];
  for (const expected of refused) {
    test(`${expected} is refused`, () =>
      assert.match(mistakeInBodyTest(expected) ?? "", /can take minutes$/));
  }

  const accepted = [
    "(a+)+$",
    "/a+/",
    "/(a+)/",
    "/(a+)?b/",
    "/(a+){3}/",
    "/(?:\\d+\\.)+\\d+/",
    "/(ab+)+/",
    "/(a?b)+/",
    "/\\(a+\\)+/",
    "/(a\\+)+/",
    "/[(a+)+]/",
    "/[\\](a+)+]/",
    "/(?<=a+)b+/",
    "/(?=a+)b+/",
  ];
  for (const expected of accepted) {
    test(`${expected} is accepted`, () => assert.equal(mistakeInBodyTest(expected), undefined));
  }
});

describe("a line end at the end of a body", () => {
  const cases: [expected: string, body: string, isExpected: boolean][] = [
    ["/^ok$/", "ok", true],
    ["/^ok$/", "ok\n", true],
    ["/^ok$/", "ok\r\n", true],
    ["/^ok\\n$/", "ok\n", true],
    ["/^ok$/", "ok\n\n", false],
    ["/^ok$/", "ok\nno\n", false],
    ["/^ok$/", "\nok\n", false],
    ["ok\n", "ok\n", true],
    ["ok\n", "ok", false],
  ];
  for (const [expected, body, isExpected] of cases) {
    test(JSON.stringify([expected, body]), () =>
      assert.equal(parseBodyTest(expected)(body), isExpected),
    );
  }
});
