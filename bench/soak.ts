/**
 * An hour with many checks and events: does anything grow? 1,000 TCP and 200 HTTP checks at 1 s, a hundred of the TCP
 * ones with a held connection, of which one is broken every second.
 * Usage: node dist/bench/soak.js [MINUTES] [EVERY], by default 60 and 5. Needs two CPUs, `taskset`, no root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { describeLoad, describeMachine } from "./machine.ts";
import { createScaleStage, latenessOf, openFiles, type Stage } from "./scale-stage.ts";
import { formatTable, print } from "./table.ts";
import { cpuMs, memoryUse } from "./usage.ts";

const LOADS = [
  { count: 1000, type: "tcp", intervalMs: 1000, watched: 100 },
  { count: 200, type: "http", intervalMs: 1000 },
] as const;

const WARM_UP_MS = 10_000;
const BREAK_MS = 1000;

/** Garbage comes and goes: the smallest and the largest of the looks at memory and descriptors in a line. */
const LOOK_MS = 5000;

async function watch(stage: Stage, minutes: number, everyMinutes: number): Promise<string[][]> {
  const { pid, socketPath } = stage.agent;
  const rows: string[][] = [];
  for (let line = 1; line * everyMinutes <= minutes; line += 1) {
    const before = { probes: (await latenessOf(socketPath)).total, usedMs: cpuMs(pid) };
    const startMs = performance.now();
    const pss: number[] = [];
    const files: number[] = [];
    let broken = 0;
    let lookAtMs = 0;
    for (;;) {
      const passedMs = performance.now() - startMs;
      if (passedMs >= everyMinutes * 60_000) break;
      if (passedMs >= lookAtMs) {
        pss.push(memoryUse(pid).pssMib);
        files.push(openFiles(pid));
        lookAtMs += LOOK_MS;
      }
      await delay(BREAK_MS);
      if (await stage.breakOne()) broken += 1;
      // Forgotten there, so that the server does not grow.
      await stage.arrivals();
    }
    const tookMs = performance.now() - startMs;
    const row = [
      String(line * everyMinutes),
      Math.min(...pss).toFixed(1),
      Math.max(...pss).toFixed(1),
      String(Math.min(...files)),
      String(Math.max(...files)),
      String((await latenessOf(socketPath)).total - before.probes),
      String(broken),
      ((100 * (cpuMs(pid) - before.usedMs)) / tookMs).toFixed(1),
    ];
    rows.push(row);
    // Also one by one: an hour is long.
    print(row.join("  "));
  }
  return rows;
}

async function main(minutes: number, everyMinutes: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}\n`);
  const stage = await createScaleStage(LOADS);
  try {
    await delay(WARM_UP_MS);
    const rows = await watch(stage, minutes, everyMinutes);
    const heads = [
      "minute",
      "PSS MiB, least",
      "most",
      "descriptors, least",
      "most",
      "probes",
      "events",
      "CPU %",
    ];
    print(`\n${formatTable(heads, rows)}\n\n${describeLoad("after")}`);
  } finally {
    await stage.stop();
  }
}

await main(Number(process.argv[2] ?? 60), Number(process.argv[3] ?? 5));
