/** Whether probes progress: seen where it matters, in the core, which has to get a result of each check in its time. */
import { longestIntervalMs } from "../core/stale.ts";
import type { AgentState, LastResult } from "../core/state.ts";

/**
 * Beyond the longest pause between two attempts, and what an attempt may take: enough for a busy host, for what a
 * reload starts anew, and for those that wait for a place.
 */
const OVERDUE_MS = 10_000;

interface Seen {
  readonly last: LastResult | undefined;
  readonly atMs: number;
}

export interface Overdue {
  /** The check of which no result has come for longest. */
  readonly check: string;
  /** For so long, milliseconds in which the agent ran. */
  readonly forMs: number;
  /** How many there are. */
  readonly count: number;
}

export class ProbeProgress {
  #seen = new Map<string, Seen>();
  #progressMs = 0;

  /**
   * @param isWaiting Whether so many attempts are under way that the check's own waits for them to end. As long as
   *   any results come, that is no standstill.
   * @param awakeMs For how long this process has run: nothing progresses while it stands still.
   * @returns undefined when all is well.
   */
  look(
    { index, checks }: Pick<AgentState, "index" | "checks">,
    isWaiting: (check: string) => boolean,
    awakeMs: number,
  ): Overdue | undefined {
    const seen = new Map<string, Seen>();
    for (const [at, { check }] of index.checks.entries()) {
      const last = checks[at]?.last;
      const before = this.#seen.get(check.id);
      // Each result is another object.
      const isNew = before === undefined || before.last !== last;
      if (isNew) this.#progressMs = awakeMs;
      seen.set(check.id, isNew ? { last, atMs: awakeMs } : before);
    }
    this.#seen = seen;
    let overdue: Overdue | undefined;
    let count = 0;
    for (const { check } of index.checks) {
      const { last, atMs } = seen.get(check.id) ?? { last: undefined, atMs: awakeMs };
      const limitMs = longestIntervalMs(check) + 2 * check.timing.timeoutMs + OVERDUE_MS;
      if (isWaiting(check.id) && awakeMs - this.#progressMs <= limitMs) {
        seen.set(check.id, { last, atMs: awakeMs });
        continue;
      }
      const forMs = awakeMs - atMs;
      if (forMs <= limitMs) continue;
      count += 1;
      if (forMs > (overdue?.forMs ?? 0)) overdue = { check: check.id, forMs, count };
    }
    return overdue && { ...overdue, count };
  }
}
