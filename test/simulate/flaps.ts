/** A router upstream that damps flapping prefixes (RFC 2439) with the parameters that most have. */

const PENALTY = 1000;
const SUPPRESS = 2000;
const HALF_LIFE_MS = 15 * 60_000;

interface Score {
  penalty: number;
  atMs: number;
}

export class Upstream {
  readonly #scores = new Map<string, Score>();

  /** @returns The penalty that the prefix has now at that neighbor, if it is damped. */
  withdrawn(neighbor: string, prefix: string, nowMs: number): number | undefined {
    const key = `${neighbor} ${prefix}`;
    const { penalty, atMs } = this.#scores.get(key) ?? { penalty: 0, atMs: nowMs };
    const now = penalty * 2 ** (-(nowMs - atMs) / HALF_LIFE_MS) + PENALTY;
    this.#scores.set(key, { penalty: now, atMs: nowMs });
    return now > SUPPRESS ? Math.round(now) : undefined;
  }
}
