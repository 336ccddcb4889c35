/**
 * How long `anyctl drain` takes to be a WITHDRAW in the log of a real BIRD, and where the time goes: the real command,
 * a real ExaBGP. Usage: node dist/bench/drain.js [ROUNDS], 30 by default. Needs root.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { join } from "node:path";
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { REPOSITORY } from "../test/lab/repository.ts";
import { waitUntil, wallClockMs } from "../test/lab/wait.ts";
import { decisionsIn } from "./decisions.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { createStage, type Stage } from "./stage.ts";
import { median } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

const SERVICE = { name: "web", prefix: ANYCAST.ipv4.prefix, check: "http" } as const;

/** So that it comes back soon after each round; nothing of it is measured. */
const TIMING = { interval: 0.2, rise: 1 };

const FITS = { session: POP_SESSION.ipv4, prefix: SERVICE.prefix };
const PATIENCE = { deadlineMs: 30_000 };
const ANYCTL = join(REPOSITORY, "bin/anyctl");

/** One drain; each in ms from the one before, but for the last two. */
interface Round {
  /** `node` alone, with the options of bin/anyctl, started just before. */
  readonly nodeMs: number;
  readonly fileMs: number;
  readonly decidedMs: number;
  readonly lineMs: number;
  readonly wireMs: number;
  /** From the start of the command to the WITHDRAW. */
  readonly totalMs: number;
  /** From its start to its end: it has heard ExaBGP's answer. */
  readonly commandMs: number;
}

async function drainOnce({ pop, transit }: Stage): Promise<Round> {
  const nodeMs = await timeOf("node", ["--max-semi-space-size=8", "--eval", "0"]);
  const order = ["web", "--config", pop.configFile];
  const written = fileMoment(join(pop.stateFolder, "drains"), SERVICE.name);
  const startMs = wallClockMs();
  const ended = timeOf(ANYCTL, ["drain", ...order, "--reason", "benchmark"]);
  const fileAtMs = await written;
  const { atMs: wireAtMs } = await transit.waitForEvent(
    { ...FITS, kind: "withdrawn" },
    { ...PATIENCE, sinceMs: startMs },
  );
  const commandMs = await ended;
  const { decidedAtMs, writeMs } = await waitUntil("the decision", () =>
    decisionsIn(pop.exabgp.agentLog.lines()).find(
      ({ to, decidedAtMs: atMs }) => to === "drained" && atMs >= Math.floor(startMs),
    ),
  );
  await timeOf(ANYCTL, ["undrain", ...order]);
  await transit.waitForEvent({ ...FITS, kind: "announced" }, { ...PATIENCE, sinceMs: wireAtMs });
  return {
    nodeMs,
    fileMs: fileAtMs - startMs,
    decidedMs: decidedAtMs - fileAtMs,
    lineMs: writeMs,
    wireMs: wireAtMs - decidedAtMs - writeMs,
    totalMs: wireAtMs - startMs,
    commandMs,
  };
}

/** @throws {Error} If the program does not end with 0. */
async function timeOf(program: string, args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`Cannot measure ${program}: it ended with ${status}`);
  return performance.now() - startMs;
}

/** When the kernel said that `name` is there; by its own clock a file is only known to 4 ms. */
function fileMoment(folder: string, name: string): Promise<number> {
  return new Promise((resolve) => {
    const watcher = watch(folder, (_event, changed) => {
      if (changed !== name) return;
      const atMs = wallClockMs();
      watcher.close();
      resolve(atMs);
    });
  });
}

async function main(rounds: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${rounds} drains\n`);
  const stage = await createStage({ program: "anyctl", services: [SERVICE], timing: TIMING });
  const all: Round[] = [];
  try {
    for (let nth = 0; nth < rounds; nth += 1) all.push(await drainOnce(stage));
  } finally {
    await stage.remove();
  }
  const row = (name: string, pick: (round: Round) => number, digits = 1): string[] => {
    const values = all.map(pick);
    const numbers = [median(values), Math.min(...values), Math.max(...values)];
    return [name, String(values.length), ...numbers.map((ms) => ms.toFixed(digits))];
  };
  print("`anyctl drain` to WITHDRAW on the wire, ms:\n");
  print(
    formatTable(
      ["", "n", "median", "min", "max"],
      [
        row("start of the command to drain file", ({ fileMs }) => fileMs),
        row("from there to the decision", ({ decidedMs }) => decidedMs),
        row("from there to the line written", ({ lineMs }) => lineMs, 2),
        row("from there to BIRD's withdrawal", ({ wireMs }) => wireMs),
        row("start to BIRD's withdrawal", ({ totalMs }) => totalMs),
        row("drain file to line written", ({ decidedMs, lineMs }) => decidedMs + lineMs),
        row("start to end of the command", ({ commandMs }) => commandMs),
        row("Node.js alone, start to end", ({ nodeMs }) => nodeMs),
      ],
    ),
  );
  print(`\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 30));
