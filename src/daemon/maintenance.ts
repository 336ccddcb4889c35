/**
 * Maintenance windows as drains. A window starts by the wall clock, in its time zone, and ends by the monotonic one.
 *
 * node-cron 4.6 rings at its start. It does not ring at a local time that the clocks skip, rings at the first or at the
 * second of two equal ones, whichever its arithmetic meets, and sleeps on when the clock is set: so its ring only says
 * that it is time to look, and in each minute the agent looks by itself.
 */
import { schedule, type ScheduledTask } from "node-cron";
import type { WindowPlan } from "../config/plan.ts";
import { ALL_SERVICES, type Drain } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { createWindowCalendar, type WindowCalendar } from "./window-calendar.ts";

/** How late a start may be that node-cron does not ring for. */
const WATCH_MS = 1000;

const MINUTE_MS = 60_000;

/** A start that comes again within a day, because the clock was set back, is the same one. */
const REMEMBERED_MS = 24 * 3_600_000;

/** The core must have seen that a drain ended by itself before it is gone. */
const LINGER_MS = 2000;

export interface MaintenanceOptions {
  readonly clock: Clock;
  /** All drains of windows, whenever that changes; one whose `endsAtMs` has passed is over. */
  readonly changed: (drains: readonly Drain[]) => void;
  /** Windows that cannot be kept; undefined when all can. */
  readonly problem: (detail: string | undefined) => void;
}

interface Window {
  readonly plan: WindowPlan;
  readonly calendar: WindowCalendar;
  readonly task: ScheduledTask;
  /** Starts that were kept, and when, on the monotonic clock. */
  readonly started: Map<number, number>;
  open: readonly Drain[];
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  #windows: ReadonlyMap<string, Window> = new Map();
  /** Of windows that a reload took away while they were open. */
  #ended: readonly Drain[] = [];
  #services: ReadonlySet<string> = new Set();
  #lookedAt: number | undefined;
  #told = "[]";
  #cancel = () => {};

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /**
   * Goes over to these windows; one that stays as it is goes on as it is. Tells before it returns which drains stand.
   *
   * @param services Names of all services; what is not among them is not drained.
   */
  update(windows: readonly WindowPlan[], services: readonly string[]): void {
    const nowMs = this.#options.clock.nowMs();
    const before = this.#windows;
    const next = new Map<string, Window>();
    const problems: string[] = [];
    for (const plan of windows) {
      const key = JSON.stringify(plan);
      try {
        next.set(key, before.get(key) ?? next.get(key) ?? this.#schedule(plan));
      } catch (error) {
        problems.push(`Cannot keep the window ${JSON.stringify(plan.cron)}: ${String(error)}`);
      }
    }
    for (const [key, window] of before) {
      if (next.has(key)) continue;
      void window.task.destroy();
      const over = window.open.map((drain) => ({ ...drain, endsAtMs: nowMs }));
      this.#ended = [...this.#ended, ...over];
    }
    this.#windows = next;
    this.#services = new Set([...services, ALL_SERVICES]);
    this.#options.problem(problems.length === 0 ? undefined : problems.join("\n"));
    this.#look(nowMs);
    this.#cancel();
    this.#watch();
  }

  stop(): void {
    this.#cancel();
    for (const { task } of this.#windows.values()) void task.destroy();
    this.#windows = new Map();
  }

  #schedule(plan: WindowPlan): Window {
    const calendar = createWindowCalendar(plan);
    const task = schedule(plan.cron, () => this.#look(), {
      timezone: plan.timezone,
      logger: SILENT,
      suppressMissedWarning: true,
      unref: true,
    });
    return { plan, calendar, task, started: new Map(), open: [] };
  }

  #watch(): void {
    if (this.#windows.size === 0 && this.#ended.length === 0) return;
    this.#cancel = this.#options.clock.after(WATCH_MS, () => {
      const { clock } = this.#options;
      // Windows start on whole minutes, whatever the clock was set to.
      if (Math.floor(clock.wallMs() / MINUTE_MS) === this.#lookedAt) this.#clear();
      else this.#look();
      this.#watch();
    });
  }

  /** Opens what is to be open now, whenever it started. */
  #look(nowMs = this.#options.clock.nowMs()): void {
    const wallMs = this.#options.clock.wallMs();
    this.#lookedAt = Math.floor(wallMs / MINUTE_MS);
    for (const window of this.#windows.values()) {
      const { plan, calendar, started } = window;
      const startMs = calendar.openSince(wallMs);
      for (const [start, keptMs] of started) {
        if (nowMs - keptMs >= REMEMBERED_MS) started.delete(start);
      }
      if (startMs === undefined || started.has(startMs)) continue;
      started.set(startMs, nowMs);
      const endsAtMs = nowMs + startMs + plan.forMs - wallMs;
      const moments = { startMs, untilMs: startMs + plan.forMs, nowMs, endsAtMs };
      const drains = plan.services.map((service) => this.#drainOf(plan, service, moments));
      window.open = [...window.open, ...drains];
    }
    this.#clear();
  }

  #drainOf(
    { reason }: WindowPlan,
    service: string,
    {
      startMs,
      untilMs,
      nowMs,
      endsAtMs,
    }: Readonly<Record<"startMs" | "untilMs" | "nowMs" | "endsAtMs", number>>,
  ): Drain {
    const since = new Date(startMs).toISOString();
    // This reload changed the window, and its stage goes on; one that an earlier reload ended is over.
    const earlier = this.#ended.find(
      (drain) => drain.service === service && drain.since === since && drain.endsAtMs === nowMs,
    );
    return {
      service,
      kind: "window",
      reason,
      by: "schedule",
      since,
      until: new Date(untilMs).toISOString(),
      problem: undefined,
      startedMs: earlier?.startedMs ?? nowMs,
      endsAtMs,
      gracefulMs: undefined,
      transient: false,
    };
  }

  /** Drops what is long over, and tells if that or anything else changed. */
  #clear(): void {
    const nowMs = this.#options.clock.nowMs();
    const lasts = ({ endsAtMs = Infinity }: Drain) => nowMs < endsAtMs + LINGER_MS;
    this.#ended = this.#ended.filter(lasts);
    const drains = [...this.#ended];
    for (const window of this.#windows.values()) {
      window.open = window.open.filter(lasts);
      drains.push(...window.open.filter(({ service }) => this.#services.has(service)));
    }
    const telling = JSON.stringify(drains);
    if (telling === this.#told) return;
    this.#told = telling;
    this.#options.changed(drains);
  }
}

/** node-cron's own logger prints. What it could say, that it rang too late, is found out by looking. */
const SILENT = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
