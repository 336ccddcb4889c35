import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CommandIo } from "../../src/cli/io.ts";
import { startControlServer } from "../../src/control/server.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { STATUS } from "../control/fixtures.ts";
import { waitUntil } from "../lab/wait.ts";
import { NOW, run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

/** A world whose seconds the test gives, and which it interrupts. */
function watching(more: Partial<CommandIo>) {
  const timers = manualTimers();
  const controller = new AbortController();
  const shown: string[] = [];
  const world: Partial<CommandIo> = {
    timers,
    stdout: (text) => void shown.push(text),
    interruption: () => controller.signal,
    wallMs: () => Date.parse(NOW),
    ...more,
  };
  const picture = (count: number) =>
    waitUntil(`${count} pictures`, () => shown[count - 1], { hint: JSON.stringify(shown) });
  return { timers, shown, world, picture, interrupt: () => controller.abort() };
}

async function startAgent(socketPath: string, pop: string) {
  const timers = manualTimers();
  return await startControlServer({
    socketPath,
    status: () => ({ ...STATUS, pop }),
    healthz: () => ({ ok: true, detail: "" }),
    problem: (detail) => assert.fail(detail),
    timers,
  });
}

describe("status --watch", () => {
  it("redraws in place, survives the agent's restart, gives the terminal back", async (context) => {
    const pop = makePop(context);
    const first = await startAgent(pop.socketPath, "one");
    const { timers, shown, world, picture, interrupt } = watching({ rows: 50, columns: 100 });
    const ended = run(["status", "--watch", "--config", pop.configPath], world);
    assert.equal(await picture(1), "\u001b[?1049h\u001b[?25l\u001b[?7l");
    const frame = await picture(2);
    assert.ok(frame.startsWith("\u001b[Hone "), JSON.stringify(frame));
    assert.ok(frame.endsWith("\u001b[K\n\u001b[J"));
    assert.ok(frame.split("\n").every((line) => line === "\u001b[J" || line.endsWith("\u001b[K")));
    await first.close();
    timers.advance(1000);
    const gone = await picture(3);
    assert.match(gone, /The agent does not answer on .*no such socket/);
    assert.match(gone, /It was last seen so:.*\n.*\n.*one {2,}anyctl/);
    const second = await startAgent(pop.socketPath, "two");
    context.after(() => second.close());
    timers.advance(1000);
    assert.ok((await picture(4)).startsWith("\u001b[Htwo "));
    interrupt();
    assert.equal((await ended).status, 0);
    assert.equal(shown.at(-1), "\u001b[?7h\u001b[?25h\u001b[?1049l");
    assert.equal(timers.pending, 0);
  });

  it("shows what fits on the screen", async (context) => {
    const pop = makePop(context);
    const server = await startAgent(pop.socketPath, "one");
    context.after(() => server.close());
    const { world, picture, interrupt } = watching({ rows: 5, columns: 100 });
    const ended = run(["status", "--watch", "--config", pop.configPath], world);
    const lines = (await picture(2)).split("\n");
    assert.equal(lines.length, 5);
    assert.match(lines[3] ?? "", /^\(\d more lines\)/);
    interrupt();
    await ended;
  });

  it("prints block after block where there is no terminal, and nothing that one obeys", async (context) => {
    const pop = makePop(context);
    const { timers, shown, world, picture, interrupt } = watching({});
    const ended = run(["status", "--watch", "--config", pop.configPath], world);
    assert.match(await picture(1), /does not answer .*\nWaiting for it\./);
    const server = await startAgent(pop.socketPath, "one");
    context.after(() => server.close());
    timers.advance(1000);
    assert.match(await picture(2), /^one {2,}anyctl.*\n$/s);
    interrupt();
    assert.equal((await ended).status, 0);
    assert.match(shown.join(""), /^[\n\x20-\x7e]+$/);
  });

  it("ends at once for a service that there is not, and for --json", async (context) => {
    const pop = makePop(context);
    const server = await startAgent(pop.socketPath, "one");
    context.after(() => server.close());
    const { shown, world } = watching({ rows: 50 });
    const wrong = await run(["status", "dsn", "--watch", "--config", pop.configPath], world);
    assert.deepEqual([wrong.status, shown], [1, []]);
    assert.match(wrong.err, /There is no service dsn; there are: dns/);
    const both = await run(["status", "--watch", "--json"]);
    assert.deepEqual([both.status, both.err], [2, "anyctl: Cannot use both --json and --watch\n"]);
  });
});
