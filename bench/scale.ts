/**
 * Many checks on one core: how late probes start, and what each costs.
 * Usage: node dist/bench/scale.js [SECONDS], 30 by default. Needs two CPUs, `taskset`, no root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { describeLoad, describeMachine } from "./machine.ts";
import { createScaleStage, latenessOf, type Load, openFiles } from "./scale-stage.ts";
import { quantile } from "./statistics.ts";
import { formatTable, print } from "./table.ts";
import { cpuMs, memoryUse } from "./usage.ts";

const ROWS: readonly Load[] = [
  { count: 100, type: "tcp", intervalMs: 1000 },
  { count: 100, type: "http", intervalMs: 1000 },
  { count: 1000, type: "tcp", intervalMs: 1000 },
  { count: 500, type: "http", intervalMs: 1000 },
  { count: 200, type: "tcp", intervalMs: 100 },
  { count: 1000, type: "http", intervalMs: 1000 },
];

/** Code is compiled still, and the services' first announcements are written. */
const WARM_UP_MS = 10_000;

/** Memory comes and goes with garbage: the largest of this many looks counts. */
const LOOKS = 6;

/** What is wanted of 99 % of the starts. */
const WANTED_MS = 20;

async function measure(load: Load, seconds: number): Promise<string[]> {
  const stage = await createScaleStage([load]);
  try {
    const { pid, socketPath } = stage.agent;
    await delay(WARM_UP_MS);
    await stage.arrivals();
    const before = { lateness: await latenessOf(socketPath), cpuMs: cpuMs(pid) };
    const startMs = performance.now();
    let pssMib = 0;
    let files = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      await delay((seconds * 1000) / LOOKS);
      pssMib = Math.max(pssMib, memoryUse(pid).pssMib);
      files = Math.max(files, openFiles(pid));
    }
    const usedMs = cpuMs(pid) - before.cpuMs;
    const tookMs = performance.now() - startMs;
    const after = await latenessOf(socketPath);
    const lateMs = lateArrivals(await stage.arrivals(), load.intervalMs);
    const probes = after.total - before.lateness.total;
    const inTime =
      (after.within.get(WANTED_MS) ?? 0) - (before.lateness.within.get(WANTED_MS) ?? 0);
    const { count, type, intervalMs } = load;
    return [
      `${count} ${type} at ${intervalMs} ms`,
      ((probes * 1000) / tookMs).toFixed(0),
      ...[0.5, 0.99, 1].map((part) => quantile(lateMs, part).toFixed(1)),
      ((100 * inTime) / probes).toFixed(2),
      ((100 * usedMs) / tookMs).toFixed(1),
      (usedMs / probes).toFixed(3),
      pssMib.toFixed(1),
      String(files),
    ];
  } finally {
    await stage.stop();
  }
}

/**
 * How late connections arrived, sorted. A check is due a whole number of intervals after it was first, so that the
 * earliest of its arrivals, taken modulo the interval, is when it was due or a little later.
 */
function lateArrivals(arrivals: readonly (readonly number[])[], intervalMs: number): number[] {
  const late = arrivals.flatMap(([first = 0, ...others]) => {
    const offsets = [0, ...others.map((ms) => offsetOf(ms - first, intervalMs))];
    const due = offsets.reduce((least, ms) => Math.min(least, ms), 0);
    return offsets.map((ms) => ms - due);
  });
  return late.toSorted((a, b) => a - b);
}

/** How far `ms` is from a multiple of `intervalMs`; before it is negative. */
function offsetOf(ms: number, intervalMs: number): number {
  return ms - Math.round(ms / intervalMs) * intervalMs;
}

async function main(seconds: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${seconds} s each\n`);
  const rows: string[][] = [];
  for (const load of ROWS) rows.push(await measure(load, seconds));
  const heads = [
    "checks",
    "probes/s",
    "late, median ms",
    "p99",
    "max",
    `started within ${WANTED_MS} ms, %`,
    "CPU %",
    "CPU ms each",
    "PSS MiB",
    "descriptors",
  ];
  print(formatTable(heads, rows));
  print(`\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 30));
