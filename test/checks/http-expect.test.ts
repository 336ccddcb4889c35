import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mistakeInBodyTest } from "../../checks/http-expect.ts";

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
