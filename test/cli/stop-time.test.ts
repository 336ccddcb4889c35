// What a drain tells systemd that runs it before it stops a unit.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { StopTime } from "../../src/cli/stop-time.ts";
import { systemIo } from "../../src/cli/io.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";

const SOCKET = "/run/systemd/notify";

/** A `systemd-notify` that writes down what it is given, on a clock that the test moves. */
function makeStop(context: TestContext, env: Readonly<Record<string, string>>) {
  const folder = temporaryFolder(context);
  const heard = join(folder, "heard");
  const program = join(folder, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>${heard}\n`);
  chmodSync(program, 0o755);
  const clock = { ms: 0 };
  const timers = { nowMs: () => clock.ms, after: () => () => {} };
  const io = { ...systemIo(), timers, env: { PATH: `${folder}:/usr/bin:/bin`, ...env } };
  const lines = () =>
    existsSync(heard) ? readFileSync(heard, "utf8").trimEnd().split("\n") : undefined;
  const heardLines = (count: number) =>
    waitUntil(`${count} messages`, () => (lines()?.length === count ? lines() : undefined));
  return { stop: new StopTime(io), clock, heardLines, lines };
}

describe("the time that a stop needs", () => {
  it("is told once, and again only when it grows", async (context) => {
    const { stop, clock, heardLines } = makeStop(context, { NOTIFY_SOCKET: SOCKET });
    stop.need(70_000);
    await heardLines(1);
    // The same end, seen later and with the jitter of a look.
    for (const [nowMs, needMs] of [
      [250, 69_800],
      [30_000, 41_000],
    ] as const) {
      clock.ms = nowMs;
      stop.need(needMs);
    }
    clock.ms = 40_000;
    stop.need(70_000);
    assert.deepEqual(await heardLines(2), [
      `${SOCKET} EXTEND_TIMEOUT_USEC=80000000`,
      `${SOCKET} EXTEND_TIMEOUT_USEC=80000000`,
    ]);
  });

  it("is told to nobody where systemd does not listen", async (context) => {
    const { stop, lines } = makeStop(context, {});
    stop.need(70_000);
    const other = makeStop(context, { NOTIFY_SOCKET: SOCKET });
    other.stop.need(1000);
    await other.heardLines(1);
    assert.equal(lines(), undefined);
  });
});
