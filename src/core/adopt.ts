/** What ExaBGP holds of our prefixes before this life of the agent has said anything about them. */
import type { Route } from "exabgp-ts-bridge";
import { fitted } from "./fit.ts";
import type { PlannedPrefix } from "./index-plan.ts";
import { ownerOf } from "./reconcile.ts";
import { isSame, type HeldRoute, type RibView } from "./rib.ts";
import type { OwnedRoute, RouteState } from "./routes.ts";
import type { AgentState } from "./state.ts";

/**
 * Takes over what ExaBGP holds, as if this life had announced it. What an earlier life owned and ExaBGP does not hold
 * is not announced, whatever owned.json says.
 */
export function adopt(state: AgentState, view: RibView): ReadonlyMap<string, RouteState> {
  let routes: Map<string, RouteState> | undefined;
  for (const [prefix, route] of state.routes) {
    if (route.told !== "unknown" || route.answer !== "none") continue;
    const held = view.held.get(prefix);
    if (held === undefined && route.owned === undefined) continue;
    // Without attributes, only what an earlier life wrote is known.
    if (!view.tellsAttributes && route.owned === undefined) continue;
    routes ??= new Map(state.routes);
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    routes.set(
      prefix,
      held === undefined
        ? { ...route, owned: undefined }
        : {
            ...route,
            told: "announced",
            answer: "done",
            owned: {
              ...(route.owned ?? ownerOf(state, planned)),
              route: couldHave(routeOf(held, route.owned, planned), state),
            },
            answeredAtMs: view.askedMs,
            isAdopted: true,
          },
    );
  }
  return routes ?? state.routes;
}

/** Neighbors that cannot have it hold it all the same, and are to lose it. */
function couldHave(route: Route, { neighbors }: AgentState): Route {
  return fitted(route, neighbors) ?? route;
}

/** What was announced, in our own words if there are any for it. */
function routeOf(
  held: readonly HeldRoute[],
  owned: OwnedRoute | undefined,
  planned: PlannedPrefix | undefined,
): Route {
  const [first] = held;
  const known = [owned?.route, ...Object.values(planned?.routes ?? {})];
  const same = known.find(
    (one) =>
      one !== undefined &&
      held.every(
        (found) => isSame(found, one) && (one.neighbors?.includes(found.neighbor) ?? true),
      ),
  );
  const sayable = held.find(({ route }) => route !== undefined)?.route;
  // What cannot be said differs from whatever stands here, and is announced anew once it is wanted.
  return same ?? sayable ?? owned?.route ?? { prefix: first?.prefix ?? "", nextHop: "self" };
}
