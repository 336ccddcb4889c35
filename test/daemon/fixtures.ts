/** What the daemon's tests have in common: a clock that stands still, a log that is read, plans. */
import { manualTimers, type ManualTimers } from "../checks/manual-timers.ts";
import { REQUIRED, UNSTAGED } from "../core/fixtures.ts";
import type { CheckPlan, Plan, ServicePlan, Timing } from "../../src/config/plan.ts";
import type { Clock } from "../../src/daemon/clock.ts";
import type { Log } from "../../src/daemon/log.ts";
import { pino } from "pino";

export type ManualClock = Clock & ManualTimers;

/** Both clocks move together; the wall clock starts with 2026. */
export function manualClock(): ManualClock {
  const timers = manualTimers();
  const startMs = timers.nowMs();
  return Object.assign(timers, { wallMs: () => Date.UTC(2026, 0, 1) + timers.nowMs() - startMs });
}

/** A log and the lines that it has written, parsed. */
export function memoryLog(): { log: Log; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: "debug", base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}

const TIMING: Timing = {
  intervalMs: 1000,
  fastIntervalMs: 100,
  slowIntervalMs: 2000,
  timeoutMs: 500,
};

export function tcpCheck(id: string, port: number, timing: Partial<Timing> = {}): CheckPlan {
  return {
    id,
    name: id.split("/")[1] ?? id,
    rise: 1,
    fall: 1,
    ...REQUIRED,
    timing: { ...TIMING, ...timing },
    spec: { type: "tcp", host: "127.0.0.1", port, watch: false },
  };
}

/** One service for each name, with a prefix and a check of its own. */
export function planOf(...names: readonly string[]): Plan {
  return {
    pop: "test1",
    services: names.map((name, nth): ServicePlan => ({
      name,
      require: "all",
      shared: "all",
      routes: [{ prefix: `192.0.2.${nth}/32`, nextHop: "self" }],
      ...UNSTAGED,
      checks: [tcpCheck(`${name}/port`, 9)],
    })),
  };
}

/** One turn of the event loop, in which everything that is already settled is heard. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
