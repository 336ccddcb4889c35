/** What the states of services mean for a prefix that they name. */
import type { Variant } from "../config/plan.ts";
import type { State } from "./decide.ts";

/** `leave` keeps whatever ExaBGP holds and adds nothing. */
export type Wish =
  | { readonly disposition: "announce"; readonly variant: "up" | Variant }
  | { readonly disposition: "withdraw" | "leave" };

/** @param when States in which the service announces other attributes. */
export function wishOf(state: State, when: Readonly<Partial<Record<Variant, unknown>>>): Wish {
  switch (state) {
    case "up":
    case "pinned":
      return { disposition: "announce", variant: "up" };
    case "degraded":
    case "draining":
    case "down":
      return when[state] === undefined
        ? { disposition: "withdraw" }
        : { disposition: "announce", variant: state };
    case "drained":
    case "held":
      return { disposition: "withdraw" };
    case "starting":
    case "rising":
    case "stopping":
      return { disposition: "leave" };
  }
}

/** One of the services that name a prefix. */
export interface Voice {
  readonly wish: Wish;
  /** What it wanted when it last wanted anything; undefined before. */
  readonly held: "announce" | "withdraw" | undefined;
}

/** From the best to the worst. */
const RANKS: readonly ("up" | Variant)[] = ["up", "degraded", "draining", "down"];

/**
 * What several services that name one prefix want together. `all`: announced only while every one of them is, with
 * the attributes of the worst state (pessimistic withdrawal, RFC 4786 section 4.8.2); `any`: while at least one is,
 * with those of the best.
 *
 * @param isOurs Whether this agent has said anything about the prefix: until then ExaBGP may hold it for any of
 * them, later only for those that wanted it.
 */
export function combine(shared: "all" | "any", voices: readonly Voice[], isOurs: boolean): Wish {
  const announced = voices.flatMap(({ wish }) =>
    "variant" in wish ? RANKS.indexOf(wish.variant) : [],
  );
  const announce = (rank: number): Wish => ({
    disposition: "announce",
    variant: RANKS[rank] ?? "down",
  });
  if (shared === "all") {
    if (voices.some(({ wish }) => wish.disposition === "withdraw"))
      return { disposition: "withdraw" };
    return announced.length === voices.length
      ? announce(Math.max(...announced))
      : { disposition: "leave" };
  }
  if (announced.length > 0) return announce(Math.min(...announced));
  const mayHold = voices.some(
    ({ wish, held }) => wish.disposition === "leave" && (held === "announce" || !isOurs),
  );
  return { disposition: mayHold ? "leave" : "withdraw" };
}
