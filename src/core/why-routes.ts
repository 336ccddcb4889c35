/** What ExaBGP was told about prefixes, what it answered, and who hears of it. */
import type { PlannedPrefix } from "./index-plan.ts";
import { wantedOf } from "./reconcile.ts";
import { span } from "./span.ts";
import { isAnnounced, UNTOLD, type RouteState } from "./routes.ts";
import type { AgentState } from "./state.ts";
import { unfitSentence } from "./why-fit.ts";
import type { Moment } from "./status.ts";
import type { Surroundings } from "./why.ts";
import { list, soon } from "./why-words.ts";
import { wishOf } from "./wishes.ts";

const PREFIXES_SHOWN = 3;
const NEIGHBORS_SHOWN = 3;

/** One sentence for each fate; prefixes that share it together. */
export function routeSentences(
  state: AgentState,
  prefixes: readonly string[],
  moment: Moment,
): string[] {
  const fates = new Map<string, string[]>();
  for (const prefix of prefixes) {
    const fate = fateOf(state, prefix, moment);
    const group = fates.get(fate);
    if (group === undefined) fates.set(fate, [prefix]);
    else group.push(prefix);
  }
  return [...fates].map(([fate, those]) =>
    fate
      .replaceAll("%", () => list(those, PREFIXES_SHOWN))
      .replace("#", those.length > 1 ? "are" : "is"),
  );
}

/** `%` stands for the prefixes, `#` for `is` or `are`. */
function fateOf(state: AgentState, prefix: string, moment: Moment): string {
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const route = state.routes.get(prefix) ?? UNTOLD;
  const wish = wantedOf(state, planned, route);
  const unfit = unfitSentence(state, planned);
  // Nothing was ever said to ExaBGP, or what an earlier life had said is withdrawn.
  if (unfit?.isWithheld === true && route.told === "withdrawn" && route.answer === "done") {
    return unfit.text;
  }
  const others = unfit === undefined || unfit.isWithheld ? "" : ` ${unfit.text}`;
  const at = list(route.leaving?.neighbors ?? [], NEIGHBORS_SHOWN);
  const leave = at === "" ? "withdraw %" : `withdraw % at ${at} alone`;
  const isLeaving = route.leaving !== undefined || route.told !== "announced";
  const what = isLeaving ? leave : "announce %";
  switch (route.answer) {
    case "none":
      return isAnnounced(route)
        ? "% # as an earlier life of the agent left it: announced."
        : "ExaBGP has been told nothing about %.";
    case "pending":
      return `ExaBGP is told to ${what} and has not answered yet.`;
    case "failed": {
      const { retryAtMs } = route;
      const again =
        retryAtMs === undefined ? "" : `; it is tried again at ${soon(retryAtMs, moment)}`;
      return `ExaBGP was told to ${what} but refused or did not answer${again}.`;
    }
    case "done": {
      if (route.told === "withdrawn") return "% # withdrawn: ExaBGP accepted that.";
      const variant = "variant" in wish && wish.variant !== "up" ? wish.variant : undefined;
      const as = variant === undefined ? "" : ` with the attributes for ${variant}`;
      const left = wish.disposition === "leave" ? ", and left alone" : "";
      const to = route.owned?.route.neighbors;
      const whom = to === undefined ? "" : ` to ${list(to, NEIGHBORS_SHOWN)} only`;
      return `% # announced${whom}${as}${left}: ExaBGP accepted that.${others}`;
    }
  }
}

/** What went to neighbors, where ExaBGP tells; prefixes and neighbors of which the same is true together. */
export function sentSentences(
  prefixes: readonly string[],
  { sent, moment }: Pick<Surroundings, "sent" | "moment">,
): string[] {
  const groups = new Map<string, { prefixes: string[]; last: number }>();
  for (const prefix of prefixes) {
    const updates = sent.get(prefix) ?? [];
    for (const action of ["announce", "withdraw"] as const) {
      const those = updates.filter((update) => update.action === action);
      if (those.length === 0) continue;
      const neighbors = list(those.map(({ neighbor }) => neighbor).toSorted(), NEIGHBORS_SHOWN);
      const key = `${action === "announce" ? "announces" : "withdraws"} % to ${neighbors}`;
      const last = Math.max(...those.map(({ at }) => Date.parse(at)));
      const group = groups.get(key) ?? { prefixes: [], last };
      groups.set(key, {
        prefixes: [...group.prefixes, prefix],
        last: Math.max(group.last, last),
      });
    }
  }
  return [...groups].map(([what, group]) => {
    const deed = what.replace("%", () => list(group.prefixes, PREFIXES_SHOWN));
    return `The last UPDATE ${deed}, ${span(moment.wallMs - group.last)} ago.`;
  });
}

/** Other services that have a say about the prefixes of the service at `at`. */
export function sharedSentences(
  state: AgentState,
  prefixes: readonly string[],
  at?: number,
): string[] {
  const known = new Set<string>();
  return prefixes.flatMap((prefix) => {
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    if (planned === undefined || planned.services.length < 2) return [];
    const others = planned.services.filter((place) => place !== at);
    const states = others.map((place) => {
      const { name } = state.index.plan.services[place] ?? { name: "" };
      return `${name} (${state.services[place]?.state ?? "starting"})`;
    });
    const key = `${planned.shared} ${states.join()}`;
    if (known.has(key)) return [];
    known.add(key);
    const which = planned.shared === "all" ? "only while all of them are" : "while any of them is";
    const names = list(states, NEIGHBORS_SHOWN);
    return at === undefined
      ? [`Its services are ${names}; it is announced ${which}.`]
      : [`It shares ${prefix} with ${names}: that is announced ${which}.`];
  });
}

/** The service whose state decides about a prefix, and how it stands to the wish. */
export function deciding(state: AgentState, planned: PlannedPrefix): number {
  const route = state.routes.get(planned.prefix) ?? UNTOLD;
  const wish = wantedOf(state, planned, route);
  const own = (place: number) => wishOf(state.services[place]?.state ?? "starting", planned.routes);
  const same = planned.services.find((place) => {
    const one = own(place);
    if (one.disposition !== wish.disposition) return false;
    return !("variant" in one && "variant" in wish) || one.variant === wish.variant;
  });
  return same ?? planned.services[0] ?? 0;
}

/**
 * Whether a neighbor hears of it; nothing to say while all is well, or while nothing is announced.
 *
 * @param holders For whom ExaBGP held any of `routes`: 4.2 tells of no session that was never up.
 */
export function sessionSentences(
  routes: readonly Pick<RouteState, "told" | "owned">[],
  { sessions, exabgp }: Pick<Surroundings, "sessions" | "exabgp">,
  holders: readonly string[],
): string[] {
  if (exabgp.phase !== "ready") {
    return [`ExaBGP has not answered yet (${exabgp.phase}), so nothing new is announced.`];
  }
  const off = exabgp.acks === "off" ? ["ExaBGP gives no answers: accepted means written."] : [];
  if (!routes.some(isAnnounced)) return off;
  if (sessions.length === 0) {
    return [...off, "ExaBGP has told of no session: whether a neighbor hears it is not known."];
  }
  const known = [...sessions.map(({ neighbor }) => neighbor), ...holders];
  const meant = meantBy(routes) ?? [...new Set(known)];
  const up = new Set(
    sessions.filter(({ state }) => state === "up").map(({ neighbor }) => neighbor),
  );
  const down = meant.filter((neighbor) => !up.has(neighbor));
  if (down.length === 0) return off;
  const names = list(down, NEIGHBORS_SHOWN);
  return down.length === meant.length
    ? [...off, `No BGP session is up (${names}): ExaBGP sends the route when one is back.`]
    : [...off, `Without a session, ${names} ${down.length > 1 ? "do" : "does"} not hear it.`];
}

/** Who is to have any of `routes`; undefined: all. */
function meantBy(routes: readonly Pick<RouteState, "owned">[]): readonly string[] | undefined {
  const lists = routes.flatMap(({ owned }) => (owned ? [owned.route.neighbors] : []));
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((one) => one ?? []))];
}
