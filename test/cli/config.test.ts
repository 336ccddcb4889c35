import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { parse as parseYaml } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

describe("config check", () => {
  it("says in one line that the file is valid", async (context) => {
    const { configPath } = makePop(context);
    const hash = loadConfig(configPath).hash.slice(0, 12);
    const expected = {
      status: 0,
      out: `${configPath} is valid: 2 services, 2 checks, 2 prefixes; hash ${hash}\n`,
      err: "",
    };
    assert.deepEqual(await run(["config", "check", configPath]), expected);
    assert.deepEqual(await run(["config", "check", "--config", configPath]), expected);
    assert.deepEqual(
      await run(["config", "check"], { env: { ANYCTL_CONFIG: configPath } }),
      expected,
    );
    const world = { cwd: () => dirname(configPath), env: { ANYCTL_CONFIG: "/nowhere" } };
    assert.deepEqual(await run(["config", "check", "anyctl.yaml"], world), expected);
  });

  it("tells problems on stderr, one per line, with place, key and what is allowed", async (context) => {
    const { configPath } = makePop(context, "services:\n  dns:\n    prefixes: [192.0.2.1/24]\n");
    const { status, out, err } = await run(["config", "check", configPath]);
    assert.deepEqual([status, out], [1, ""]);
    const lines = err.trimEnd().split("\n");
    assert.equal(
      lines.pop(),
      `anyctl: Cannot use config "${configPath}": ${lines.length} problems`,
    );
    for (const line of lines) {
      assert.match(line, /^\/.*anyctl\.yaml:\d+:\d+: services\.dns[\w.[\]]*: .+; allowed: .+$/);
    }
  });

  it("tells warnings, and the file is valid all the same", async (context) => {
    const { configPath } = makePop(context);
    const dropIns = join(dirname(configPath), "anyctl.d");
    mkdirSync(dropIns);
    writeFileSync(join(dropIns, "notes\u001b.txt"), "");
    const { status, err } = await run(["config", "check", configPath]);
    assert.equal(status, 0);
    assert.match(err, /^warning: .*notes\\(?:x1b|u001b)\.txt:1:1: is not used; allowed: [^\n]+\n$/);
  });

  it("of a file that is not there is no success", async () => {
    const { status, err } = await run(["config", "check", "/nowhere.yaml"]);
    assert.equal(status, 1);
    assert.match(err, /^\/nowhere\.yaml:1:1: cannot be read: there is no such file/);
  });
});

describe("config check of exec", () => {
  it("warns of a program that is not there, where it is named", async (context) => {
    const checks =
      '{ a: { type: exec, command: ["/none/\\ecode"] }, b: { type: exec, command: [/bin/true] } }';
    const text = `services:\n  dns:\n    scope: local\n    prefixes: [192.0.2.0/24]\n    checks: ${checks}\n`;
    const { configPath } = makePop(context, text);
    const { status, out, err } = await run(["config", "check", configPath]);
    assert.equal(status, 0);
    assert.match(out, /is valid: 1 service, 2 checks/);
    const place = `${configPath}:7:42: services.dns.checks.a.command[0]`;
    assert.equal(
      err,
      `warning: ${place}: "/none/\\u001bcode" cannot be run here, and the check will not pass; allowed: a program that is there, and may be run\n`,
    );
    const json = await run(["config", "check", "--json", configPath]);
    assert.match(json.out, /"warnings":\s*\[\s*\{[^}]*cannot be run here/);
  });
});

describe("config check --json", () => {
  it("tells counts and hash of a valid file, and nothing on stderr", async (context) => {
    const { configPath } = makePop(context);
    const { status, out, err } = await run(["config", "check", "--json", configPath]);
    assert.deepEqual([status, err], [0, ""]);
    assert.deepEqual(JSON.parse(out), {
      path: configPath,
      valid: true,
      hash: loadConfig(configPath).hash,
      services: 2,
      checks: 2,
      prefixes: 2,
      problems: [],
      warnings: [],
    });
  });

  it("tells every problem of an invalid one with its place, and ends with 1", async (context) => {
    const { configPath } = makePop(context, "services:\n  dns:\n    prefixes: [192.0.2.1/24]\n");
    const { status, out, err } = await run(["config", "check", "--json", configPath]);
    assert.deepEqual([status, err], [1, ""]);
    const found: unknown = JSON.parse(out);
    assert.ok(typeof found === "object" && found !== null && "problems" in found);
    assert.ok(Array.isArray(found.problems) && found.problems.length > 1);
    const hostBits: unknown = found.problems.find(
      (problem: { readonly path: string }) => problem.path === "services.dns.prefixes[0]",
    );
    assert.deepEqual(Object.keys(hostBits ?? {}), [
      "file",
      "line",
      "column",
      "path",
      "message",
      "allowed",
    ]);
  });
});

describe("config show --json", () => {
  it("is the same configuration as the YAML", async (context) => {
    const { configPath } = makePop(context);
    const yaml = await run(["config", "show", configPath]);
    const json = await run(["config", "show", "--json", configPath]);
    assert.deepEqual([json.status, json.err], [0, ""]);
    assert.deepEqual(JSON.parse(json.out), parseYaml(yaml.out));
  });
});

describe("config show", () => {
  it("prints a file that means the same", async (context) => {
    const { configPath } = makePop(context);
    const { status, out, err } = await run(["config", "show", configPath]);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /^ +fast-interval: 500ms$/m);
    const copy = join(dirname(configPath), "copy.yaml");
    writeFileSync(copy, out);
    assert.equal(loadConfig(copy).hash, loadConfig(configPath).hash);
  });

  it("shows nothing of an invalid file", async (context) => {
    const { configPath } = makePop(context, "");
    const { status, out } = await run(["config", "show", configPath]);
    assert.deepEqual([status, out], [1, ""]);
  });
});

it("config schema prints JSON Schema, without any configuration", async () => {
  const { status, out, err } = await run(["config", "schema"]);
  assert.deepEqual([status, err], [0, ""]);
  const schema: unknown = JSON.parse(out);
  assert.match(String(Object(schema).$schema), /^https:\/\/json-schema\.org\//);
  assert.ok("services" in Object(schema).properties);
});
