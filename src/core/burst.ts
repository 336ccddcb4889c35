/** A burst of probes after an event: at `fast-interval`, until the results have settled what it meant. */
import type { Outcome } from "../../checks/probe.ts";
import type { Health, Thresholds } from "./health.ts";

export interface Burst {
  /** When the event was heard, milliseconds on the monotonic clock. */
  readonly sinceMs: number;
  /** Results of attempts begun since, in a row, that agreed with the verdict. */
  readonly agreed: number;
}

/**
 * What was heard last decides: a burst that runs begins anew. With the moment at which it began, unless a result has
 * agreed with the verdict since: then what that event was about is over.
 */
export function startBurst(burst: Burst | undefined, nowMs: number): Burst {
  return burst?.agreed === 0 ? burst : { sinceMs: nowMs, agreed: 0 };
}

/**
 * Folds one result into the burst. It ends with a new verdict, or when as many results in a row agree with the
 * verdict as the slower threshold asks for: fewer would settle less than a change of verdict needs.
 *
 * @param before The health before the result.
 * @param after The health after it.
 */
export function stepBurst(
  burst: Burst,
  outcome: Outcome,
  { rise, fall }: Thresholds,
  before: Health,
  after: Health,
): Burst | undefined {
  if (outcome === "inconclusive") return burst;
  if (after.verdict !== before.verdict) return undefined;
  const agreed = after.against === 0 ? burst.agreed + 1 : 0;
  return agreed >= Math.max(rise, fall) ? undefined : { ...burst, agreed };
}
