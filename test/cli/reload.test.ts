import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemTimers, type Timers } from "../../checks/timers.ts";
import type { ReloadAnswer, ReloadOrder } from "../../src/control/reload-protocol.ts";
import { startControlServer } from "../../src/control/server.ts";
import { STATUS } from "../control/fixtures.ts";
import { run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

const TOLD: ReloadAnswer = {
  outcome: "reloaded",
  actor: "uid:1000(ann)",
  from: "a".repeat(64),
  to: "b".repeat(64),
  problems: [],
  warnings: [],
  settings: { now: ["maintenance"], atRestart: [] },
};

type Reload = (order: ReloadOrder) => Promise<ReloadAnswer> | "busy" | "starting";

async function serve(context: TestContext, reload: Reload) {
  const pop = makePop(context);
  mkdirSync(pop.drains);
  const server = await startControlServer({
    socketPath: pop.socketPath,
    status: () => STATUS,
    healthz: () => ({ ok: true, detail: "" }),
    problem: () => {},
    timers: systemTimers,
    reload,
  });
  context.after(() => server.close());
  return pop;
}

describe("reload", () => {
  it("proves who asks by a file that only its owner can have written, and takes it away", async (context) => {
    let [seen, mode] = ["", 0];
    const pop = await serve(context, ({ proof = "" }) => {
      const path = join(pop.drains, proof);
      [seen, mode] = [readFileSync(path, "utf8"), statSync(path).mode & 0o777];
      assert.equal(proof, `.reload-${seen}`);
      return Promise.resolve(TOLD);
    });
    const { status, out, err } = await run(["reload", "--config", pop.configPath]);
    assert.deepEqual([status, err], [0, ""]);
    assert.equal(out, "Reloaded by uid:1000(ann): aaaaaaaaaaaa -> bbbbbbbbbbbb\n");
    assert.match(seen, /^[0-9a-f]{32}$/);
    assert.equal(mode, 0o640);
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  it("goes on without a proof where none can be made, and says so", async (context) => {
    const orders: ReloadOrder[] = [];
    const pop = await serve(context, (order) => {
      orders.push(order);
      return Promise.resolve(TOLD);
    });
    rmdirSync(pop.drains);
    const { status, err } = await run(["reload", "--force", "--config", pop.configPath]);
    assert.equal(status, 0);
    assert.equal(
      err,
      `anyctl: Cannot write in "${pop.drains}" (ENOENT): the record will not say who reloaded\n`,
    );
    assert.deepEqual(orders, [{ force: true }]);
    assert.ok(!existsSync(pop.drains));
  });

  it("that is not answered in time ends with status 4, and nobody knows", async (context) => {
    const pop = await serve(context, () => new Promise(() => {}));
    // A minute passes in a moment; the answer to the status comes before.
    const timers: Timers = {
      ...systemTimers,
      after: (delayMs, then) => systemTimers.after(delayMs >= 60_000 ? 50 : delayMs, then),
    };
    const { status, out, err } = await run(["reload", "--config", pop.configPath], { timers });
    assert.deepEqual([status, out], [4, ""]);
    assert.match(
      err,
      /said nothing within 60000 ms; it may reload all the same, see `anyctl status`/,
    );
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  for (const [told, says] of [
    ["busy", "Another reload is under way; try again"],
    ["starting", "The agent has only just started; try again"],
  ] as const) {
    it(`of an agent that is ${told} is refused`, async (context) => {
      const pop = await serve(context, () => told);
      const { status, err } = await run(["reload", "--config", pop.configPath]);
      assert.deepEqual([status, err], [1, `anyctl: ${says}\n`]);
    });
  }

  it("shows nothing that a terminal would obey, whatever the agent says", async (context) => {
    const hostile = "x\u001b[2J\nshutdown\u202e";
    const pop = await serve(context, () =>
      Promise.resolve({
        ...TOLD,
        outcome: "invalid-configuration",
        actor: hostile,
        problems: [hostile],
        warnings: [hostile],
      }),
    );
    const { status, out, err } = await run(["reload", "--config", pop.configPath]);
    assert.deepEqual([status, out], [1, ""]);
    assert.match(err, /^warning: x\\x1b\[2J\\x0ashutdown\\u\{202e\}\nx\\x1b/);
    const json = await run(["reload", "--json", "--config", pop.configPath]);
    for (const unsafe of ["\u001b", "\u202e"]) assert.ok(!json.out.includes(unsafe));
  });
});
