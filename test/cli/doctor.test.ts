// `anyctl doctor` as it is typed, with files of its own.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { ask } from "../../src/doctor/tool.ts";
import { makePop } from "./pop.ts";
import { run } from "./fake-io.ts";

const SECRET = "hunter2-geheim";

function makeHost(context: TestContext, neighbor: string) {
  const { configPath } = makePop(context);
  const conf = join(dirname(configPath), "exabgp.conf");
  writeFileSync(
    conf,
    `process anyctl { run /bin/true agent --config ${configPath}; encoder json; }
neighbor 127.0.0.1 { router-id 127.0.0.1; local-address 127.0.0.1; local-as 64496; peer-as 64515; ${neighbor}
  family { ipv4 unicast; }
  api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } } }
`,
  );
  chmodSync(conf, 0o644);
  const env = join(dirname(configPath), "exabgp.env");
  writeFileSync(env, "[exabgp.api]\ncli = false\n");
  return { conf, argv: ["doctor", "--config", configPath, "--exabgp-conf", conf, "--env", env] };
}

describe("doctor", () => {
  it("tells errors first, each with its place, why and what to do, and ends with 1", async (context) => {
    const { argv, conf } = makeHost(context, `hold-time 60; md5-password ${SECRET};`);
    const { status, out, err } = await run(argv);
    assert.deepEqual([status, err], [1, ""]);
    assert.ok(out.includes(`\n  ${conf}: has mode 0644\n  why: `), out);
    assert.ok(
      out.includes(`warning hold-time-long: `) && out.includes(`  ${conf}:2: neighbor 127.0.0.1`),
      out,
    );
    const severities = [...out.matchAll(/^(error|warning|info) /gm)].map(([, word]) => word);
    assert.deepEqual(
      severities,
      severities.toSorted((a, b) => order(a) - order(b)),
    );
    assert.match(
      out,
      /\n\d+ errors?, \d+ warnings?, \d+ infos?; \d+ of \d+ rules could be looked at\n$/,
    );
    assert.doesNotMatch(out, new RegExp(SECRET));
  });

  it("tells programs the same", async (context) => {
    const { argv } = makeHost(context, `hold-time 0; md5-password ${SECRET};`);
    const { status, out } = await run([...argv, "--json"]);
    const told = JSON.parse(out) as {
      ok: boolean;
      counts: { error: number; skipped: number; rules: number };
      findings: { rule: string; severity: string; why: string }[];
      skipped: { rule: string; why: string }[];
    };
    assert.deepEqual([status, told.ok], [1, false]);
    assert.ok(told.findings.some(({ rule }) => rule === "hold-time"));
    assert.equal(
      told.counts.error,
      told.findings.filter(({ severity }) => severity === "error").length,
    );
    assert.equal(told.counts.skipped, told.skipped.length);
    assert.doesNotMatch(out, new RegExp(SECRET));
  });

  it("shows what is hostile in files as harmless text", async (context) => {
    const { argv, conf } = makeHost(context, "hold-time 9;");
    writeFileSync(conf, 'process "anyctl\u009b31m\u202e" { run /bin/true; encoder json; }\n');
    const c1 = await run(argv);
    writeFileSync(
      conf,
      `process "anyctl\u202e${"x".repeat(1_000_000)}" { run /bin/anyctl; encoder "\u2028"; }\n`,
    );
    const long = await run(argv);
    for (const { out, status } of [c1, long]) {
      assert.equal(status, 1);
      assert.match(out, /^(?:\n|[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])*$/u);
      assert.ok(out.length < 100_000, String(out.length));
    }
  });

  it("is wrong usage without a path, and with --canary beside files", async (context) => {
    const { argv } = makeHost(context, "");
    const both = await run([...argv, "--canary", "203.0.113.0/24"]);
    assert.equal(both.status, 2);
    assert.match(both.err, /Cannot use --canary together with/);
    assert.equal((await run(["doctor", "--exabgp-conf="])).status, 2);
  });

  it("says that nobody answers a self-test, with 3", async (context) => {
    const { configPath } = makePop(context);
    const { status, err } = await run([
      "doctor",
      "--canary",
      "203.0.113.0/24",
      "--config",
      configPath,
    ]);
    assert.equal(status, 3);
    assert.match(err, /no such socket/);
  });

  it("waits for no program that hangs, nor for what one would print for ever", async () => {
    const hanging = await ask("sleep", ["60"], {}, 50);
    assert.deepEqual(hanging, { why: "sleep does not answer within 0.05 s" });
    assert.ok("why" in (await ask("yes", [])));
    assert.deepEqual(await ask("no-such-program-x", []), {
      why: "no-such-program-x is not installed",
    });
  });
});

function order(severity: string | undefined): number {
  return ["error", "warning", "info"].indexOf(severity ?? "");
}
