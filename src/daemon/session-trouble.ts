/** Healthy, but the session is down: services that are announced to neighbors that cannot hear it. */
import { isAnnounced } from "../core/routes.ts";
import type { RibView } from "../core/rib.ts";
import type { Sessions } from "../core/status-neighbors.ts";
import type { AgentState } from "../core/state.ts";

/** A session that flaps is back sooner, and one that starts with ExaBGP is there by then. */
const DOWN_MS = 10_000;

/** Enough to know where to look. */
const SHOWN_MAX = 3;

export type SessionTrouble =
  /** Others hear it. */
  | { readonly word: "session-down"; readonly detail: string }
  /** Nobody hears at least one of the services. */
  | { readonly word: "all-sessions-down"; readonly detail: string };

export class SessionTroubles {
  /** Since when each neighbor that should hear something has had no session, milliseconds on the monotonic clock. */
  #downSinceMs: ReadonlyMap<string, number> = new Map();
  #rib: RibView | undefined;
  /** For whom ExaBGP listed any of our prefixes in `#rib`. */
  #holders: ReadonlySet<string> = new Set();

  /** @param sessions As ExaBGP tells; it tells nothing of a neighbor that was never up: only the listing knows that one. */
  judge(state: AgentState, sessions: Sessions, nowMs: number): readonly SessionTrouble[] {
    const services = announcedBy(state, [...sessions.keys(), ...this.#holdersIn(state.rib)]);
    const all = new Set(services.flatMap(({ neighbors }) => neighbors));
    const down = [...all].filter((neighbor) => sessions.get(neighbor)?.state !== "up");
    this.#downSinceMs = new Map(
      down.map((neighbor) => [neighbor, this.#downSinceMs.get(neighbor) ?? nowMs]),
    );
    const lost = new Set(
      down.filter((one) => nowMs - (this.#downSinceMs.get(one) ?? nowMs) >= DOWN_MS),
    );
    if (lost.size === 0) return [];
    const mute = services.filter(({ neighbors }) => neighbors.every((one) => lost.has(one)));
    const hurt = services.filter(({ neighbors }) => neighbors.some((one) => lost.has(one)));
    const partly = hurt.filter((one) => !mute.includes(one));
    return [
      ...troubleOf("all-sessions-down", mute, lost, "nobody hears"),
      ...troubleOf("session-down", partly, lost, "not everybody hears"),
    ];
  }

  /** Ten thousand prefixes are gone through once for each listing, not at every look. */
  #holdersIn(rib: RibView | undefined): ReadonlySet<string> {
    if (rib !== this.#rib) {
      this.#rib = rib;
      const held = [...(rib?.held.values() ?? [])].flat();
      this.#holders = new Set(held.map(({ neighbor }) => neighbor));
    }
    return this.#holders;
  }
}

interface Announced {
  readonly service: string;
  /** Those that are to hear any of its prefixes; `any neighbor` where ExaBGP has told of none. */
  readonly neighbors: readonly string[];
}

const ANYBODY = "any neighbor";

function announcedBy(
  { index, routes }: Pick<AgentState, "index" | "routes">,
  neighbors: readonly string[],
): Announced[] {
  const known = neighbors.length === 0 ? [ANYBODY] : [...new Set(neighbors)];
  return index.plan.services.flatMap(({ name, routes: own }) => {
    const first = own.find(({ prefix }) => {
      const route = routes.get(prefix);
      return route !== undefined && isAnnounced(route);
    });
    // All prefixes of a service have the same neighbors.
    return first === undefined ? [] : [{ service: name, neighbors: first.neighbors ?? known }];
  });
}

function troubleOf(
  word: SessionTrouble["word"],
  services: readonly Announced[],
  lost: ReadonlySet<string>,
  who: string,
): SessionTrouble[] {
  if (services.length === 0) return [];
  const neighbors = new Set(
    services.flatMap((one) => one.neighbors).filter((one) => lost.has(one)),
  );
  const names = listed(services.map(({ service }) => service));
  return [{ word, detail: `no session with ${listed([...neighbors])}: ${who} ${names}` }];
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX;
  const shown = names.toSorted().slice(0, SHOWN_MAX).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
