/**
 * What pings for systemd's watchdog cost, and whether they come in time when the PoP has little CPU: ExaBGP, the agent
 * and what they run together get a part of one, and stand still for the rest of each second. Needs root.
 *   npm run bench:watchdog -- SECONDS     of each stage; default 60
 */
import { chmodSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/daemon/clock.ts";
import { SystemdNotifier } from "../src/daemon/notify.ts";
import { SystemdListener } from "../test/daemon/systemd-listener.ts";
import { limitCpu } from "../test/lab/cpu-limit.ts";
import { createMiniLab, type MiniLab } from "../test/lab/mini-lab.ts";
import { childrenOf } from "../test/lab/process.ts";
import { waitUntil } from "../test/lab/wait.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { median, quantile } from "./statistics.ts";
import { formatTable, print } from "./table.ts";
import { cpuMs } from "./usage.ts";

/** As in the drop-in. */
const WATCHDOG_MS = 10_000;

const MESSAGES = 300;

/** Of one CPU; 1: as much as there is. */
const PARTS = [1, 0.05, 0.03, 0.02, 0.01] as const;

class Cleanup {
  readonly #last: (() => unknown)[] = [];

  after(run: () => unknown): void {
    this.#last.push(run);
  }

  async run(): Promise<void> {
    for (const run of this.#last.toReversed()) await run();
  }
}

/** One message after another, from a process without anything else to do. */
async function measureMessages(systemd: SystemdListener): Promise<void> {
  const notifier = new SystemdNotifier({
    clock: systemClock,
    socket: systemd.socket,
    problem: () => {},
  });
  const ping = async (): Promise<number> => {
    const before = systemd.messages.length;
    const beganMs = performance.now();
    notifier.watchdog();
    // It writes in the next microtask.
    await Promise.resolve();
    const blockedMs = performance.now() - beganMs;
    await waitUntil("the message", () => systemd.messages.length > before || undefined, {
      everyMs: 1,
    });
    await setImmediate();
    return blockedMs;
  };
  const firstMs = await ping();
  const shell = childrenOf(process.pid).find((pid) => nameOf(pid) === "sh") ?? 0;
  const beganMs = cpuMs(shell);
  const blocked: number[] = [];
  for (let nth = 0; nth < MESSAGES; nth += 1) blocked.push(await ping());
  const eachMs = (cpuMs(shell) - beganMs) / MESSAGES;
  const sorted = blocked.toSorted((a, b) => a - b);
  notifier.end();
  print(
    formatTable(
      ["A ping, ms", ""],
      [
        ["the loop is held up by it, median", median(blocked).toFixed(2)],
        ["99 %", quantile(sorted, 0.99).toFixed(2)],
        ["by the first, which starts the shell", firstMs.toFixed(2)],
        ["CPU of the shell and systemd-notify", eachMs.toFixed(1)],
      ],
    ),
  );
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
}

async function stage(mini: MiniLab, systemd: SystemdListener, part: number, seconds: number) {
  const { exabgp } = mini.pop;
  const agent = exabgp.agentPid() ?? 0;
  const limit = part < 1 ? limitCpu([exabgp.pid(), agent, ...childrenOf(agent)], part) : undefined;
  const beganMs = performance.now();
  const stoodStillMs = limit?.throttledMs() ?? 0;
  await sleep(seconds * 1000);
  const throttledMs = (limit?.throttledMs() ?? 0) - stoodStillMs;
  const pings = systemd.messages
    .filter(({ lines, atMs }) => lines.includes("WATCHDOG=1") && atMs >= beganMs)
    .map(({ atMs }) => atMs);
  await limit?.lift();
  const gaps = pings.slice(1).map((atMs, at) => (atMs - (pings[at] ?? atMs)) / 1000);
  const isSame = exabgp.agentPid() === agent;
  return [
    part === 1 ? "all" : `${part * 100} %`,
    `${Math.round(throttledMs / seconds / 10)} %`,
    String(pings.length),
    gaps.length === 0 ? "-" : median(gaps).toFixed(1),
    gaps.length === 0 ? "-" : Math.max(...gaps).toFixed(1),
    isSame ? "no" : "yes",
  ];
}

async function main(seconds: number): Promise<void> {
  const cleanup = new Cleanup();
  try {
    print(`${await describeMachine()}\n${describeLoad("before")}\n`);
    const systemd = await SystemdListener.start(cleanup);
    chmodSync(dirname(systemd.socket), 0o755);
    await measureMessages(systemd);
    const mini = await createMiniLab({
      exabgpEnv: { NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: `${WATCHDOG_MS * 1000}` },
    });
    cleanup.after(() => mini.remove());
    await systemd.waitForPings(2);
    const rows: string[][] = [];
    for (const part of PARTS) rows.push(await stage(mini, systemd, part, seconds));
    print(
      `\n${formatTable(
        ["CPU", "stood still", "pings", "gap, median s", "longest s", "agent started anew"],
        rows,
      )}\n\n${describeLoad("after")}`,
    );
  } finally {
    await cleanup.run();
  }
}

await main(Number(process.argv[2] ?? 60));
