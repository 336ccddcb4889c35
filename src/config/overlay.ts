/** What a service announces in states other than `up`: attributes laid over `announce`. */
import { parseCommunity } from "./community.ts";
import type { Draft } from "./issues.ts";
import { PREPENDS_MAX } from "./limits.ts";
import type { Announce } from "./schema-announce.ts";
import type { When } from "./schema-service.ts";

/** RFC 8326: neighbors that honour it take any other path first, and keep this one until then. */
const GRACEFUL_SHUTDOWN = "65535:0";

/** Enough for a path over one more network to be shorter in most cases. */
const DRAINING_PREPENDS = 3;

type Overlaid = keyof When;

/** In the order in which they are written. */
export const VARIANTS: readonly Overlaid[] = ["down", "degraded", "draining"];

/** What `when` says about a state, or is taken to say. */
export function overlayOf(
  announce: Draft<Announce>,
  when: Draft<When> | undefined,
  variant: Overlaid,
): "withdraw" | Draft<Announce> {
  const said = when?.[variant];
  if (said !== undefined) return said;
  if (variant === "down") return "withdraw";
  return variant === "degraded" ? {} : drainingDefault(announce);
}

/** What is announced in a state; undefined: nothing. */
export function announceIn(
  announce: Draft<Announce>,
  when: Draft<When> | undefined,
  variant: Overlaid,
): Draft<Announce> | undefined {
  const overlay = overlayOf(announce, when, variant);
  return overlay === "withdraw" ? undefined : layOver(announce, overlay);
}

function drainingDefault(announce: Draft<Announce>): Announce {
  const communities = [GRACEFUL_SHUTDOWN];
  if (announce["local-as"] === undefined) return { communities };
  const prepends = (announce["as-path-prepend"] ?? 0) + DRAINING_PREPENDS;
  return { "as-path-prepend": Math.min(prepends, PREPENDS_MAX), communities };
}

/** Single values replace, lists are added. */
function layOver(announce: Draft<Announce>, overlay: Draft<Announce>): Draft<Announce> {
  const lists = ["communities", "large-communities", "extended-communities"] as const;
  const added = lists.flatMap((key) => {
    const both = [...(announce[key] ?? []), ...(overlay[key] ?? [])];
    const texts = both.map((text) => parseCommunity(text ?? "") ?? text);
    return both.length === 0 ? [] : [[key, [...new Set(texts)]]];
  });
  return { ...announce, ...overlay, ...Object.fromEntries(added) };
}
