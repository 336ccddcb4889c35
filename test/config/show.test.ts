import assert from "node:assert/strict";
import test from "node:test";
import { parseConfig, shortHash } from "../../src/config/load.ts";
import { showConfig } from "../../src/config/show.ts";

const TEXT = `
services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks:
      web:
        type: http
        url: http://127.0.0.1/
        headers: { Authorization: Bearer hunter2, cookie: a=hunter2, X-API-Key: hunter2, X-Auth-Token: hunter2, my-password: hunter2, Client-Secret: hunter2, Accept: text/plain }
`;

test("secret headers are hidden, others are shown, the plan has all", () => {
  const files = [{ path: "anyctl.yaml", text: TEXT }];
  const shown = showConfig(files, "fra1");
  assert.doesNotMatch(shown, /hunter2/);
  assert.equal(shown.match(/"\*\*\*"/g)?.length, 6);
  assert.match(shown, /Accept: text\/plain/);
  assert.equal(JSON.stringify(parseConfig(files).plan).match(/hunter2/g)?.length, 6);
});

test("of env every value is hidden, and every name shown", () => {
  const check = '{ type: exec, command: [/bin/true], env: { PGHOST: hunter2, A: "hunter2" } }';
  const text = TEXT.replace(/checks:[^]*/, `checks: { a: ${check} }\n`);
  const files = [{ path: "anyctl.yaml", text }];
  const shown = showConfig(files, "fra1");
  assert.doesNotMatch(shown, /hunter2/);
  assert.match(shown, /PGHOST: "\*\*\*"\n\s+A: "\*\*\*"\n/);
  assert.equal(JSON.stringify(parseConfig(files).plan).match(/hunter2/g)?.length, 2);
});

test("the hash follows what is in force, not how it is written", () => {
  const hashOf = (text: string) => parseConfig([{ path: "a.yaml", text }], "fra1").hash;
  const hash = hashOf(TEXT);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(shortHash(hash), hash.slice(0, 12));
  assert.equal(hashOf(`# comment\npop: fra1\ndefaults: { interval: 1000ms }\n${TEXT}`), hash);
  assert.notEqual(hashOf(`defaults: { rise: 2 }\n${TEXT}`), hash);
  assert.notEqual(hashOf(TEXT.replace("hunter2", "hunter3")), hash);
});

test("the host name stands in for pop, made fit", () => {
  const popOf = (hostName: string) =>
    parseConfig([{ path: "a.yaml", text: TEXT }], hostName).settings.pop;
  assert.equal(popOf("fra1.example"), "fra1.example");
  assert.equal(popOf("-fra 1\u00fc"), "fra-1-");
  assert.equal(popOf(""), "localhost");
});
