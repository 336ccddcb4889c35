/** The flap budget as it is written, with its defaults, and as decisions need it. */
import { formatDuration, parseDuration } from "./duration.ts";
import type { Draft } from "./issues.ts";
import type { Hold as HoldPlan } from "./plan.ts";
import type { Hold } from "./schema-hold.ts";

/**
 * Stays below the usual damping upstream for ever (docs/hold.md): 60 s after the first withdrawal in two hours, 25 min
 * after every further one. By then a penalty of 2000 (RFC 2439's half-life of 15 min) has fallen to 630.
 */
const DAMPING_SAFE: HoldPlan = {
  withinMs: 2 * 3_600_000,
  first: [60_000],
  furtherMs: 25 * 60_000,
  // Juniper's routers penalize a return as they do a withdrawal, however long after it.
  fromReturn: true,
};

export function fillHold(hold: Hold | undefined): Hold {
  if (typeof hold !== "object") return hold ?? "none";
  const canonical = (text: string) => formatDuration(parseDuration(text));
  return { flaps: hold.flaps, within: canonical(hold.within), for: canonical(hold.for) };
}

/** Equal for what means the same; `hold` has no holes. */
export function holdKey(hold: Draft<Hold> | undefined): string {
  if (typeof hold !== "object") return hold ?? "none";
  const times = [hold.within, hold.for].map((text) => parseDuration(text ?? "0s"));
  return [hold.flaps, ...times].join(" ");
}

/** @returns undefined without a hold. */
export function buildHold(hold: Hold): HoldPlan | undefined {
  if (hold === "none") return undefined;
  if (hold === "damping-safe") return DAMPING_SAFE;
  return {
    withinMs: parseDuration(hold.within),
    first: Array.from({ length: hold.flaps - 1 }, () => 0),
    furtherMs: parseDuration(hold.for),
  };
}
