import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { CHECK_TYPES, CheckSchema } from "../../checks/registry.ts";

describe("registry", () => {
  test("each key is the word of its schema", () => {
    for (const [word, { schema }] of Object.entries(CHECK_TYPES)) {
      assert.equal(schema.shape.type.value, word);
    }
  });

  test("an unknown type is refused, and the known ones are named", () => {
    const issues = CheckSchema.safeParse({ type: "icmp", host: "127.0.0.1" }).error?.issues ?? [];
    assert.equal(issues.length, 1);
    assert.match(issues[0]?.message ?? "", /'http' .*\| 'tcp'/);
  });

  test("has a JSON Schema", () => {
    const { oneOf } = z.toJSONSchema(CheckSchema, { io: "input" });
    assert.equal(oneOf?.length, Object.keys(CHECK_TYPES).length);
  });

  const invalid: readonly [keys: object, path: string, message: RegExp][] = [
    [{ port: 80 }, "host", /expected string/],
    [{ host: "", port: 80 }, "host", /must be an IP address/],
    [{ host: "a b", port: 80 }, "host", /must be an IP address/],
    [{ host: "[::1]", port: 80 }, "host", /without brackets/],
    [{ host: "127.0.0.1:80", port: 80 }, "host", /must be an IP address/],
    [{ host: "10.0.0.256", port: 80 }, "host", /must be an IP address/],
    [{ host: "010.0.0.1", port: 80 }, "host", /must be an IP address/],
    [{ host: "127.1", port: 80 }, "host", /must be an IP address/],
    [{ host: "0x7f000001", port: 80 }, "host", /must be an IP address/],
    [{ host: "a..b", port: 80 }, "host", /must be an IP address/],
    [{ host: "-a.example", port: 80 }, "host", /must be an IP address/],
    [{ host: `${"a".repeat(64)}.example`, port: 80 }, "host", /must be an IP address/],
    [{ host: "a.".repeat(127) + "ab", port: 80 }, "host", /must be an IP address/],
    [{ host: "b\u00fccher.example", port: 80 }, "host", /must be an IP address/],
    [{ host: "a" }, "port", /whole number from 1 to 65535/],
    [{ host: "a", port: 0 }, "port", /whole number from 1 to 65535/],
    [{ host: "a", port: 65_536 }, "port", /whole number from 1 to 65535/],
    [{ host: "a", port: 80.5 }, "port", /whole number from 1 to 65535/],
    [{ host: "a", port: "80" }, "port", /whole number from 1 to 65535/],
    [{ host: "a", port: 80, watch: "yes" }, "watch", /expected boolean/],
    [{ host: "a", port: 80, sent: "x" }, "", /Unrecognized key: "sent"/],
    [{ host: "a", port: 80, send: "x" }, "send", /absent without expect/],
    [{ host: "a", port: 80, "send-hex": "78" }, "send-hex", /absent without expect/],
    [{ host: "a", port: 80, expect: "" }, "expect", /1 to 1232 bytes/],
    [{ host: "a", port: 80, expect: "\u00e9".repeat(617) }, "expect", /1 to 1232 bytes/],
    [{ host: "a", port: 80, "expect-hex": "0" }, "expect-hex", /bytes in hex/],
    [{ host: "a", port: 80, "expect-hex": "0x41" }, "expect-hex", /bytes in hex/],
    [{ host: "a", port: 80, "expect-hex": "41".repeat(1233) }, "expect-hex", /bytes in hex/],
    [{ host: "a", port: 80, expect: "x", "expect-hex": "78" }, "expect-hex", /expect says it/],
    [{ host: "a", port: 80, expect: "x", "should-fail": true }, "expect", /should-fail is true/],
    [{ host: "a", port: 80, watch: true, "should-fail": true }, "watch", /should-fail is true/],
  ];
  for (const [keys, path, message] of invalid) {
    test(`tcp refuses ${JSON.stringify(keys).slice(0, 60)}`, () => {
      const issues = CheckSchema.safeParse({ type: "tcp", ...keys }).error?.issues ?? [];
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.equal(issues[0]?.path.join("."), path);
      assert.match(issues[0].message, message);
    });
  }

  for (const host of [
    "127.0.0.1",
    "::1",
    "fe80::1%eth0",
    "a",
    "A.example.",
    "_dns._udp.x",
    "1.a",
  ]) {
    test(`tcp accepts ${host}`, () => {
      const spec = { type: "tcp", host, port: 65_535, watch: false };
      assert.deepEqual(CheckSchema.parse(spec), spec);
    });
  }
});
