/**
 * The dead-man's switch: how long a blocked loop stays announced, and how often an agent dies by it that is only
 * starved or stopped. Needs root for the quota.
 * Usage: node dist/bench/dead-man.js [SECONDS [ROUNDS]], 60 for each way to starve and 20 blocks by default.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemTimers } from "../checks/timers.ts";
import { getStatus } from "../src/control/client.ts";
import { limitCpu } from "../test/lab/cpu-limit.ts";
import { isRunning, identify, sendSignal } from "../test/lab/process.ts";
import { type LoneAgent, startLoneAgent } from "./lone-agent.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { median, quantile } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

const BLOCKER = fileURLToPath(new URL("../test/daemon/block-loop.js", import.meta.url));

/** So that there is work to be late with. */
const SERVICES = 50;

const CONFIG = `defaults: { interval: 500ms, timeout: 500ms }
services:
${Array.from(
  { length: SERVICES },
  (_, nth) => `  s${nth}:
    prefixes: [10.0.${nth}.0/24]
    scope: local
    checks: { here: { type: exec, command: [/bin/true] } }
`,
).join("")}`;

/** What an agent is run by, and what is done to it meanwhile. */
interface Hardship {
  readonly name: string;
  readonly runner: readonly string[];
  /** How many programs that only compute share its processor. */
  readonly rivals: number;
  readonly harm?: (pid: number, signal: AbortSignal) => Promise<void>;
}

const NODE = process.execPath;

const HARDSHIPS: readonly Hardship[] = [
  { name: "8 rivals on its CPU", runner: ["taskset", "-c", "0", NODE], rivals: 8 },
  {
    name: "8 rivals on its CPU, itself at nice 19",
    runner: ["taskset", "-c", "0", "nice", "-n", "19", NODE],
    rivals: 8,
  },
  ...[0.5, 0.05].map((part) => ({
    name: `a quota of ${part * 100} % of a CPU`,
    runner: [NODE],
    rivals: 0,
    harm: (pid: number, signal: AbortSignal) => starve(pid, part, signal),
  })),
  { name: "stopped for 0.1 to 5 s, again and again", runner: [NODE], rivals: 0, harm: stopAndGo },
];

async function starve(pid: number, part: number, signal: AbortSignal): Promise<void> {
  const limit = limitCpu([pid], part);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await limit.lift();
}

async function stopAndGo(pid: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    sendSignal(pid, "SIGSTOP");
    await delay(100 + 4900 * Math.random() ** 2);
    sendSignal(pid, "SIGCONT");
    await delay(300 * Math.random());
  }
}

/** @returns Whether the agent has died, what it says of its stalls, and how long its main thread waited for a CPU. */
async function endure(hardship: Hardship, seconds: number): Promise<string[]> {
  const agent = await startLoneAgent(CONFIG, hardship.runner);
  const self = identify(agent.pid);
  const rivals = Array.from({ length: hardship.rivals }, rival);
  const over = new AbortController();
  const harm = hardship.harm?.(agent.pid, over.signal);
  const before = waitedMs(agent.pid);
  await delay(seconds * 1000);
  const isAlive = self !== undefined && isRunning(self);
  const waited = isAlive ? waitedMs(agent.pid) - before : NaN;
  over.abort();
  for (const one of rivals) one.kill("SIGKILL");
  await harm;
  const stalls = isAlive ? await stallsOf(agent) : "-";
  await agent.stop();
  const part = `${((100 * waited) / (seconds * 1000)).toFixed(0)} %`;
  return [hardship.name, String(seconds), part, stalls, isAlive ? "0" : "1"];
}

function rival(): ChildProcess {
  return spawn("taskset", ["-c", "0", NODE, "-e", "for(;;);"], { stdio: "ignore" });
}

async function stallsOf({ socketPath }: LoneAgent): Promise<string> {
  const { problems } = await getStatus(socketPath, 60_000, systemTimers);
  const { detail = "" } = problems.find(({ word }) => word === "stalled") ?? {};
  return /last of (\d+) times/.exec(detail)?.[1] ?? (detail === "" ? "0" : "1");
}

function waitedMs(pid: number): number {
  const [, ns] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ");
  return Number(ns) / 1e6;
}

/** @returns Milliseconds from the signal that blocks the loop to the first withdrawal, and to the last. */
async function block(): Promise<readonly [number, number]> {
  const heardMs: number[] = [];
  const agent = await startLoneAgent(CONFIG, [NODE, `--import=${BLOCKER}`], (line) => {
    if (line.startsWith("withdraw")) heardMs.push(performance.now());
  });
  await delay(1000 + 200 * Math.random());
  const { pid } = agent;
  const beganMs = performance.now();
  sendSignal(pid, "SIGUSR2");
  while (identify(pid) !== undefined) await delay(20);
  await agent.stop();
  return [(heardMs[0] ?? NaN) - beganMs, (heardMs.at(-1) ?? NaN) - beganMs];
}

async function main(seconds: number, rounds: number): Promise<void> {
  process.env["BLOCK_MS"] = "60000";
  print(`${await describeMachine()}\n${describeLoad("before")}\n`);
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await block());
  print(`From the block of the loop to a withdrawal of ${SERVICES}, ms, ${rounds} blocks:\n`);
  const rows = ["first line", "last line"].map((what, at) => {
    const sorted = times.map((pair) => pair[at] ?? NaN).toSorted((a, b) => a - b);
    const values = [sorted[0] ?? NaN, median(sorted), quantile(sorted, 0.95), sorted.at(-1) ?? NaN];
    return [what, ...values.map((ms) => ms.toFixed(0))];
  });
  print(formatTable(["", "least", "median", "p95", "most"], rows));
  const heads = ["hardship", "seconds", "main thread waited", "stalls", "false alarms"];
  const endured: string[][] = [];
  for (const hardship of HARDSHIPS) endured.push(await endure(hardship, seconds));
  print(`\n${formatTable(heads, endured)}\n\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 60), Number(process.argv[3] ?? 20));
