import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { fill } from "../../src/cli/fill.ts";
import { startControlServer } from "../../src/control/server.ts";
import { startAgent as startCore } from "../../src/core/configure.ts";
import { explain } from "../../src/daemon/explain.ts";
import { STATUS } from "../control/fixtures.ts";
import { drain } from "../core/fixtures.ts";
import { planOf } from "../daemon/fixtures.ts";
import { run } from "./fake-io.ts";
import { makePop, type Pop } from "./pop.ts";

/** The real core, explainer and server; `web` is drained by somebody whose reason a terminal would obey. */
async function startExplaining(context: TestContext, services: readonly string[]): Promise<Pop> {
  const pop = makePop(context);
  const reason = 'two\nlines \u001b[2J \u202E" until 2030';
  const drains = [drain({ service: "web", reason, by: "uid:1000(ann)", problem: "has \u0007" })];
  const { state } = startCore(planOf(...services), new Map(), drains, 0);
  const sources = {
    state,
    moment: { nowMs: 5000, wallMs: Date.UTC(2026, 0, 1) },
    config: STATUS.config,
    bridge: { status: () => ({ phase: "ready", acks: "on", sessions: new Map() }) as const },
    echo: { state: "unknown", byPrefix: () => new Map() } as const,
  };
  const server = await startControlServer({
    socketPath: pop.socketPath,
    status: () => STATUS,
    healthz: () => ({ ok: true, detail: "" }),
    why: (subject) => explain(subject, sources),
    problem: (detail) => assert.fail(detail),
    timers: systemTimers,
  });
  context.after(() => server.close());
  return pop;
}

describe("why", () => {
  it("is one line for a pipe, and lines of words on a terminal", async (context) => {
    const { configPath } = await startExplaining(context, ["dns", "web"]);
    const world = { env: { ANYCTL_CONFIG: configPath } };
    const { status, out, err } = await run(["why", "dns"], world);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /^dns is starting \(check-unknown\) since [^\n]+\n$/);
    const onTerminal = await run(["why", "dns"], { ...world, columns: 60 });
    assert.ok(onTerminal.out.split("\n").every((line) => line.length <= 60));
    assert.equal(onTerminal.out.replaceAll("\n", " ").trim(), out.trim());
  });

  it("of a prefix, however it is written", async (context) => {
    const { configPath } = await startExplaining(context, ["dns", "web"]);
    const { status, out } = await run(["why", "192.0.2.1/32", "--config", configPath]);
    assert.equal(status, 0);
    assert.match(out, /Service web is drained \(operator-drain\)/);
  });

  it("shows nothing that a terminal obeys, and no quotation that ends early", async (context) => {
    const { configPath } = await startExplaining(context, ["dns", "web"]);
    for (const more of [[], ["--json"]]) {
      const { out } = await run(["why", "web", ...more, "--config", configPath]);
      assert.match(out, /^[\n\x20-\x7e]+$/);
    }
    const { out } = await run(["why", "web", "--config", configPath]);
    assert.ok(
      out.includes(String.raw`for "two\nlines \u001b[2J \u{202e}\" until 2030"; the drain's file`),
      out,
    );
  });

  it("for programs: sentence by sentence", async (context) => {
    const { configPath } = await startExplaining(context, ["dns"]);
    const { out } = await run(["why", "dns", "--json", "--config", configPath]);
    const told = Object(JSON.parse(out)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(told), [
      "subject",
      "kind",
      "state",
      "reason",
      "since",
      "because",
      "next",
      "text",
    ]);
  });
});

describe("no answer to why", () => {
  it("for what there is not: 1, with what there is", async (context) => {
    const names = Array.from({ length: 25 }, (_, nth) => `s${nth}`);
    const { configPath } = await startExplaining(context, names);
    assert.deepEqual(await run(["why", "dsn", "--config", configPath]), {
      status: 1,
      out: "",
      err: `anyctl: There is no service "dsn"; there are: ${names.slice(0, 20).join(", ")}, and 5 more\n`,
    });
    const prefix = await run(["why", "10.0.0.0/8", "--config", configPath]);
    assert.equal(prefix.status, 1);
    assert.match(
      prefix.err,
      /There is no prefix "10.0.0.0\/8"; there are: 192.0.2.0\/32, .*more\n$/,
    );
  });

  const wrong = ["DNS", "a/b", "192.0.2.0/33", "::", "../../etc", "x".repeat(100_000), "a\nb", ""];
  for (const name of wrong) {
    it(`for ${JSON.stringify(name.slice(0, 20))}: 2, and what is allowed`, async () => {
      const { status, out, err } = await run(["why", name]);
      assert.deepEqual([status, out], [2, ""]);
      assert.match(err, /^anyctl: Cannot use ".*: must be .*\n$/);
      assert.ok(err.length < 400);
    });
  }

  it("for nothing: 2", async () => {
    const { status, err } = await run(["why"]);
    assert.equal(status, 2);
    assert.match(err, /^anyctl: Missing SUBJECT; allowed: the name of a service, or a prefix/);
  });

  it("without an agent: 3", async (context) => {
    const { configPath } = makePop(context);
    const { status, err } = await run(["why", "dns", "--config", configPath]);
    assert.equal(status, 3);
    assert.match(err, /there is no such socket/);
  });

  it("from an agent that has decided nothing yet: 3", async (context) => {
    const pop = makePop(context);
    const server = await startControlServer({
      socketPath: pop.socketPath,
      status: () => STATUS,
      healthz: () => ({ ok: true, detail: "" }),
      why: () => undefined,
      problem: (detail) => assert.fail(detail),
      timers: systemTimers,
    });
    context.after(() => server.close());
    const { status, err } = await run(["why", "dns", "--config", pop.configPath]);
    assert.equal(status, 3);
    assert.match(err, /status 503/);
  });
});

it("fill breaks at spaces, and leaves a longer word whole", () => {
  assert.equal(fill("a bb ccc dddddddd e", 4), "a bb\nccc\ndddddddd\ne");
  assert.equal(fill("", 4), "");
});
