/** Many checks that go down together have something in common, which none of them shows alone. */
import type { VerdictChange } from "../core/inputs.ts";
import type { AgentState } from "../core/state.ts";

/** A check that went down and is down. */
export interface Fall {
  /** `SERVICE/CHECK` */
  readonly check: string;
  readonly atMs: number;
  readonly reason: string;
}

/** Fewer, or of one service alone, need nothing else in common than what they check. */
const CHECKS_MIN = 3;
const SERVICES_MIN = 2;

/** Beyond one interval, over which attempts are spread: timeouts, and failures that follow at fast-interval. */
const TOGETHER_MS = 2000;

/** What to look for, by the reason that most of them have. */
const SUSPECTS: Readonly<Record<string, string>> = {
  timeout: "the CPU, an interface or a firewall",
  unreachable: "an interface, a route or a firewall",
  refused: "a program or a host that all of them need",
  "name-not-found": "the DNS servers",
  "bad-certificate": "an authority, or the clock",
  "certificate-expires": "an authority, or the clock",
};

/** Remembers which checks went down, and says what that looks like. */
export class CommonCause {
  readonly #falls = new Map<string, Fall>();

  verdict({ check, from, to, result }: VerdictChange, nowMs: number): void {
    this.#falls.delete(check);
    // What was never up did not go down together with anything.
    if (to === "down" && from === "up") {
      this.#falls.set(check, { check, atMs: nowMs, reason: result.reason });
    }
  }

  /** See `commonCause`. */
  suspicion({ index, checks }: AgentState): string | undefined {
    for (const check of this.#falls.keys()) {
      const verdict = checks[index.checkAt.get(check) ?? -1]?.health.verdict;
      // A reload took it away, or a drain made it forget.
      if (verdict !== "down") this.#falls.delete(check);
    }
    const longestMs = Math.max(0, ...index.checks.map(({ check }) => check.timing.intervalMs));
    return commonCause([...this.#falls.values()], checks.length, longestMs + TOGETHER_MS);
  }
}

/**
 * @param falls Of all checks that are down.
 * @param checks How many there are at all.
 * @param windowMs What falls together comes within this.
 * @returns `5 of 6 checks went down within 0.4 s (4 unreachable, 1 timeout): suspect …`, when most did and belong to
 * several services.
 */
export function commonCause(
  falls: readonly Fall[],
  checks: number,
  windowMs: number,
): string | undefined {
  const together = largest(falls, windowMs);
  const services = new Set(together.map(({ check }) => check.slice(0, check.indexOf("/"))));
  if (together.length < CHECKS_MIN || services.size < SERVICES_MIN) return undefined;
  if (together.length * 2 <= checks) return undefined;
  const counts = new Map<string, number>();
  for (const { reason } of together) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].toSorted(([, one], [, other]) => other - one);
  const spreadMs = (together.at(-1)?.atMs ?? 0) - (together[0]?.atMs ?? 0);
  const seen = reasons.map(([reason, count]) => `${count} ${reason}`).join(", ");
  const suspect = SUSPECTS[reasons[0]?.[0] ?? ""] ?? "what they have in common";
  const within = `within ${Math.ceil(spreadMs / 100) / 10} s`;
  return `${together.length} of ${checks} checks went down ${within} (${seen}): suspect a common cause, such as ${suspect}`;
}

/** The most falls within `windowMs`, in the order of time. */
function largest(falls: readonly Fall[], windowMs: number): Fall[] {
  const ordered = falls.toSorted((one, other) => one.atMs - other.atMs);
  let best: Fall[] = [];
  let first = 0;
  for (const [last, { atMs }] of ordered.entries()) {
    while (atMs - (ordered[first]?.atMs ?? atMs) > windowMs) first += 1;
    if (last - first + 1 > best.length) best = ordered.slice(first, last + 1);
  }
  return best;
}
