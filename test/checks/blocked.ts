/**
 * A program: blocks its own event loop while checks of healthy services are under way, and prints a line
 * `outcome reason (detail)` for each attempt. Arguments: the timeout, how long to block, and checks as JSON.
 */
import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { Attempt } from "../../checks/attempt.ts";
import { CheckSchema, prepareProbes } from "../../checks/registry.ts";
import { systemTimers } from "../../checks/timers.ts";
import { runCheck } from "./probing.ts";

/** Longer than an attempt takes here: some have their answer when the block begins, some have just begun. */
const STARTING_MS = 60;

/** The last are started in one turn of the loop each, to be caught at every step of an attempt. */
const LAST_TURNS = 8;

const [timeoutMs = 0, blockMs = 0] = process.argv.slice(2, 4).map(Number);
const checks = process.argv.slice(4).map((json) => CheckSchema.parse(JSON.parse(json)));
const running: Promise<Attempt>[] = [];

await prepareProbes(checks);
// Not measured: the first of each compiles code for tens of milliseconds.
for (const check of checks) await runCheck(check);
const startedMs = systemTimers.nowMs();
while (systemTimers.nowMs() - startedMs < STARTING_MS) {
  start();
  const nextMs = systemTimers.nowMs() + 4;
  while (systemTimers.nowMs() < nextMs) await turn();
}
for (let nth = 0; nth < LAST_TURNS; nth += 1) {
  start();
  await turn();
}
// Sockets are not read between two immediates: these have asked for a connection, and not heard of it.
setImmediate(start);
await turn();
// And these have not even asked.
start();
const blockedMs = systemTimers.nowMs();
while (systemTimers.nowMs() - blockedMs < blockMs);
for (const { result } of await Promise.all(running)) {
  writeSync(1, `${result.outcome} ${result.reason} (${result.detail})\n`);
}

function start(): void {
  for (const check of checks) running.push(runCheck(check, { timeoutMs }));
}
