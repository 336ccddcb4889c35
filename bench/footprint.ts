/**
 * What it costs to check 1 and 100 services every second: memory and CPU of anyctl's one process, and of ExaBGP's own
 * healthcheck, one process a service, each under a real ExaBGP with a real BIRD behind it.
 * Usage: node dist/bench/footprint.js [SECONDS], 30 by default. Needs root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { describeLoad, describeMachine } from "./machine.ts";
import { type BenchService, benchServices } from "./services.ts";
import { createStage, type Program, PROGRAMS } from "./stage.ts";
import { formatTable, print } from "./table.ts";
import { cpuMs, memoryUse } from "./usage.ts";

/** Equal for both; a check every second as long as all is well, and all is. */
const TIMING = { interval: 1, fastInterval: 0.5, timeout: 1, rise: 3, fall: 3 };

/** Code that has just started is compiled and collected still: a day later nobody cares. */
const WARM_UP_MS = 15_000;

/** Memory comes and goes with garbage: the largest of this many looks counts. */
const LOOKS = 6;

interface Cost {
  readonly program: Program;
  readonly check: BenchService["check"];
  readonly count: number;
  readonly processes: number;
  readonly pssMib: number;
  readonly privateMib: number;
  /** CPU time per second of wall clock, in ms: 10 is one percent of a core. */
  readonly cpuMsPerSecond: number;
  /** The same of the ExaBGP above: healthcheck tells it of every service at every poll. */
  readonly exabgpMsPerSecond: number;
}

async function measure(
  program: Program,
  check: BenchService["check"],
  count: number,
  seconds: number,
): Promise<Cost> {
  const services = benchServices(count, check);
  const stage = await createStage({ program, services, timing: TIMING });
  try {
    await delay(WARM_UP_MS);
    const pids = stage.checkerPids();
    const expected = program === "anyctl" ? 1 : count;
    if (pids.length !== expected) {
      throw new Error(`Cannot measure ${program}: ${pids.length} processes, expected ${expected}`);
    }
    const exabgpPid = stage.pop.exabgp.pid();
    const used = () => ({ checkersMs: sum(pids.map(cpuMs)), exabgpMs: cpuMs(exabgpPid) });
    const before = used();
    const startedMs = performance.now();
    let pssMib = 0;
    let privateMib = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      await delay((seconds * 1000) / LOOKS);
      const uses = pids.map(memoryUse);
      pssMib = Math.max(pssMib, sum(uses.map((use) => use.pssMib)));
      privateMib = Math.max(privateMib, sum(uses.map((use) => use.privateMib)));
    }
    const after = used();
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    return {
      program,
      check,
      count,
      processes: pids.length,
      pssMib,
      privateMib,
      cpuMsPerSecond: (after.checkersMs - before.checkersMs) / elapsedSeconds,
      // Its own only: of its children none ends here.
      exabgpMsPerSecond: (after.exabgpMs - before.exabgpMs) / elapsedSeconds,
    };
  } catch (error) {
    // The log goes with the stage.
    const lines = stage.pop.exabgp.agentLog.lines().slice(-5).join("\n");
    throw new Error(`Cannot measure ${count} ${check} checks by ${program}:\n${lines}`, {
      cause: error,
    });
  } finally {
    await stage.remove();
  }
}

async function main(seconds: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${seconds} s each\n`);
  const costs: Cost[] = [];
  for (const check of ["http", "tcp"] as const) {
    for (const count of [1, 100]) {
      for (const program of PROGRAMS) costs.push(await measure(program, check, count, seconds));
    }
  }
  report(costs);
  print(`\n${describeLoad("after")}`);
}

function report(costs: readonly Cost[]): void {
  print("One check a second for each service. CPU in ms per second: 10 is 1 % of a core.\n");
  print(
    formatTable(
      ["", "services", "check", "processes", "PSS MiB", "private MiB", "CPU", "CPU of ExaBGP"],
      costs.map((cost) => [
        cost.program,
        String(cost.count),
        cost.check,
        String(cost.processes),
        cost.pssMib.toFixed(1),
        cost.privateMib.toFixed(1),
        cost.cpuMsPerSecond.toFixed(1),
        cost.exabgpMsPerSecond.toFixed(1),
      ]),
    ),
  );
  print("\nanyctl's part of what healthcheck uses, %:\n");
  const rows = costs
    .filter(({ program }) => program === "anyctl")
    .map((ours) => {
      const theirs = costs.find(
        ({ program, check, count }) =>
          program === "healthcheck" && check === ours.check && count === ours.count,
      );
      const part = (key: "pssMib" | "privateMib" | "cpuMsPerSecond"): string =>
        ((100 * ours[key]) / (theirs?.[key] ?? 0)).toFixed(1);
      return [
        String(ours.count),
        ours.check,
        part("pssMib"),
        part("privateMib"),
        part("cpuMsPerSecond"),
      ];
    });
  print(formatTable(["services", "check", "PSS", "private", "CPU"], rows));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

await main(Number(process.argv[2] ?? 30));
