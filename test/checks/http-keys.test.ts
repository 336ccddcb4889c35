import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HttpCheck } from "../../checks/http.ts";

describe("http keys", () => {
  const url = "http://127.0.0.1/";
  const https = "https://127.0.0.1/";
  const invalid: readonly [keys: object, path: string, message: RegExp][] = [
    [{}, "url", /expected string/],
    [{ url: "127.0.0.1:80" }, "url", /must be a URL such as/],
    [{ url: "ftp://127.0.0.1/" }, "url", /must be a URL such as/],
    [{ url: "http:127.0.0.1" }, "url", /must be a URL such as/],
    [{ url: " http://127.0.0.1/" }, "url", /must be a URL such as/],
    [{ url: "http://127.0.0.1/\n" }, "url", /must be a URL such as/],
    [{ url: "http://b\u00fccher.example/" }, "url", /printable ASCII/],
    [{ url: "http://ann:secret@127.0.0.1/" }, "url", /must not contain credentials/],
    [{ url: "http://127.0.0.1/#top" }, "url", /must not contain a fragment/],
    [{ url: "http://127.0.0.1:0/" }, "url", /must not have port 0/],
    [{ url: "http://127.0.0.1:65536/" }, "url", /must be a URL such as/],
    [{ url: "http://-x.example/" }, "url", /must have a valid host/],
    [{ url: `http://127.0.0.1/${"a".repeat(2048)}` }, "url", /at most 2048/],
    [{ url, method: "CONNECT" }, "method", /"GET"\|"HEAD"/],
    [{ url, method: "get" }, "method", /"GET"\|"HEAD"/],
    [{ url, headers: { "a b": "c" } }, "headers.a b", /Invalid key/],
    [{ url, headers: { Host: "x" } }, "headers.Host", /Invalid key/],
    [{ url, headers: { a: "b\r\nc: d" } }, "headers.a", /printable ASCII on one line/],
    [{ url, headers: { a: "\u00e9" } }, "headers.a", /printable ASCII on one line/],
    [{ url, headers: { a: 1 } }, "headers.a", /expected string/],
    [{ url, headers: { A: "b", a: "c" } }, "headers", /must not name a header twice/],
    [{ url, host: "a/b" }, "host", /must be a host name or address/],
    [{ url, host: "a b" }, "host", /must be a host name or address/],
    [{ url, host: "" }, "host", /must be a host name or address/],
    [{ url, "expect-status": [] }, "expect-status", /at least one/],
    [{ url, "expect-status": 200 }, "expect-status", /expected array/],
    [{ url, "expect-status": [99] }, "expect-status.0", /from 100 to 599/],
    [{ url, "expect-status": [200, 600] }, "expect-status.1", /from 100 to 599/],
    [{ url, "expect-status": ["299-200"] }, "expect-status.0", /from 100 to 599/],
    [{ url, "expect-status": ["2xx"] }, "expect-status.0", /from 100 to 599/],
    [{ url, "expect-status": [200.5] }, "expect-status.0", /from 100 to 599/],
    [{ url, "expect-body": "" }, "expect-body", /must not be empty/],
    [{ url, "expect-body": "/(/" }, "expect-body", /Unterminated group/],
    [{ url, "expect-body": "/a/g" }, "expect-body", /only the flag i is known/],
    [{ url, "expect-body": "/(a+)+$/" }, "expect-body", /as in \(a\+\)\+, can take minutes/],
    [{ url, "expect-body": "a", method: "HEAD" }, "expect-body", /HEAD has no body/],
    [{ url, "ca-file": "/ca.pem" }, "ca-file", /url is not https/],
    [{ url, "server-name": "a.example" }, "server-name", /url is not https/],
    [{ url: https, "server-name": "127.0.0.1" }, "server-name", /must be a host name/],
    [{ url: https, "ca-file": "ca.pem" }, "ca-file", /must be an absolute path/],
    [{ url: https, "ca-file": "/ca.pem", "tls-verify": false }, "ca-file", /tls-verify is false/],
    [{ url: https, "tls-verify": "no" }, "tls-verify", /expected boolean/],
    [{ url, watch: "yes" }, "watch", /expected boolean/],
    [{ url, follow: true }, "", /Unrecognized key: "follow"/],
  ];

  for (const [keys, path, message] of invalid) {
    test(`refuses ${JSON.stringify(keys).slice(0, 80)}`, () => {
      const issues = HttpCheck.safeParse({ type: "http", ...keys }).error?.issues ?? [];
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.equal(issues[0]?.path.join("."), path);
      assert.match(issues[0].message, message);
    });
  }

  test("states the defaults", () => {
    assert.deepEqual(HttpCheck.parse({ type: "http", url }), {
      type: "http",
      url,
      method: "GET",
      headers: {},
      "expect-status": ["200-299"],
      "tls-verify": true,
      watch: false,
    });
  });

  test("describes every key, with its default in brackets", () => {
    for (const [key, schema] of Object.entries(HttpCheck.shape)) {
      if (key !== "type") assert.match(schema.description ?? "", /^[A-Z].*\. \[.+\]$/, key);
    }
  });
});
