/** What of the agent's state the dead-man's switch must know, as few and as cheap messages as that takes. */
import { encodeWithdraw, type Dialect } from "exabgp-ts-bridge";
import type { PlanIndex } from "../core/index-plan.ts";
import type { OwnedRoute, RouteState } from "../core/routes.ts";
import type { DeadManMessage } from "./dead-man-message.ts";

/** At once: 2 ms of the main loop; ten thousand that an earlier life left are told within 2 s. */
const HELD_MAX = 500;

/** All prefixes with what becomes of them, and of whose they are. */
export function planMessage({ plan, prefixes }: PlanIndex): DeadManMessage {
  const entries = prefixes.map(({ prefix, shared, services }) => {
    const named = services.flatMap((at) => plan.services[at] ?? []);
    const keeps = named.map(({ onStall }) => onStall === "keep");
    // As when they decide: `all` is announced while every one of them is, `any` while one is.
    const isKept = shared === "all" ? keeps.every(Boolean) : keeps.some(Boolean);
    return `${isKept ? "keep" : "withdraw"} ${prefix} ${named.map(({ name }) => name).join(",")}`;
  });
  return { kind: "plan", text: entries.join("\n") };
}

/** Tells what ExaBGP may hold: changes only. */
export class HeldRoutes {
  /** What was told, by prefix. */
  readonly #told = new Map<string, OwnedRoute>();
  #complete: ReadonlyMap<string, RouteState> | undefined;

  /** @returns What is to be told now; more may follow at the next call. */
  changes(routes: ReadonlyMap<string, RouteState>, dialect: Dialect): DeadManMessage[] {
    if (routes === this.#complete) return [];
    const held: string[] = [];
    const gone: string[] = [];
    let isComplete = true;
    for (const [prefix, { owned }] of routes) {
      if (this.#told.get(prefix) === owned) continue;
      if (owned === undefined) {
        gone.push(prefix);
        this.#told.delete(prefix);
      } else if (held.length < HELD_MAX) {
        held.push(...lineFor(owned, dialect));
        this.#told.set(prefix, owned);
      } else isComplete = false;
    }
    for (const prefix of this.#told.keys()) {
      if (routes.has(prefix)) continue;
      gone.push(prefix);
      this.#told.delete(prefix);
    }
    if (isComplete) this.#complete = routes;
    return [...messages("gone", gone, " "), ...messages("held", held, "\n")];
  }

  /** Another thread knows nothing yet. */
  forget(): void {
    this.#told.clear();
    this.#complete = undefined;
  }
}

/** Nothing for a route that this ExaBGP cannot be told, and so never was. */
function lineFor({ route }: OwnedRoute, dialect: Dialect): string[] {
  try {
    return [encodeWithdraw(route, dialect)];
  } catch {
    return [];
  }
}

function messages(
  kind: DeadManMessage["kind"],
  entries: readonly string[],
  separator: string,
): DeadManMessage[] {
  return entries.length === 0 ? [] : [{ kind, text: entries.join(separator) }];
}
