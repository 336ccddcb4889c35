/** Why a service or a prefix is as it is, on what evidence, and what would change that. */
import type { State, StateReason } from "./decide.ts";
import { UNTOLD, type RouteState } from "./routes.ts";
import { span } from "./span.ts";
import type { AgentState } from "./state.ts";
import type { Moment, SentUpdate } from "./status.ts";
import { checkEvidence } from "./why-checks.ts";
import { holdEvidence } from "./why-holds.ts";
import { orderEvidence } from "./why-orders.ts";
import { serviceOutlook } from "./why-outlook.ts";
import { list } from "./why-words.ts";
import { holdersOf, ribSentences } from "./why-rib.ts";
import {
  deciding,
  routeSentences,
  sentSentences,
  sessionSentences,
  sharedSentences,
} from "./why-routes.ts";

export interface Why {
  /** The name of a service, or a prefix. */
  readonly subject: string;
  readonly kind: "service" | "prefix";
  /** A service's state; for a prefix, what ExaBGP was told last. */
  readonly state: State | RouteState["told"];
  /** Of the service, or of the one that decides about the prefix. */
  readonly reason: StateReason | "not-configured";
  /** When that service's state was entered, RFC 3339; absent where there is no such service. */
  readonly since: string | undefined;
  /** The evidence, a sentence each. */
  readonly because: readonly string[];
  /** What would change it, and when; a sentence each. */
  readonly next: readonly string[];
}

/** Of a prefix that nobody names any more. */
const OWNERS_SHOWN = 5;

/** What the core does not know. */
export interface Surroundings {
  readonly moment: Moment;
  readonly sessions: readonly { readonly neighbor: string; readonly state: string }[];
  readonly exabgp: { readonly phase: string; readonly acks: "on" | "off" | "unknown" };
  readonly config: { readonly origin: "file" | "last-good" | "none"; readonly current: boolean };
  /** Why the agent idles in a crash loop, and until when; undefined: it does not. */
  readonly idles?: string | undefined;
  /** The last UPDATE to each neighbor as far as ExaBGP echoes them, by prefix. */
  readonly sent: ReadonlyMap<string, readonly SentUpdate[]>;
}

/** @returns undefined when there is no such service. */
export function whyService(state: AgentState, name: string, around: Surroundings): Why | undefined {
  const at = state.index.plan.services.findIndex((planned) => planned.name === name);
  const service = state.services[at];
  const planned = state.index.plan.services[at];
  if (service === undefined || planned === undefined) return undefined;
  const { moment } = around;
  const prefixes = planned.routes.map(({ prefix }) => prefix);
  const routes = prefixes.map((prefix) => state.routes.get(prefix) ?? UNTOLD);
  return {
    subject: name,
    kind: "service",
    state: service.state,
    reason: service.reason,
    since: new Date(moment.wallMs - (moment.nowMs - service.sinceMs)).toISOString(),
    because: [
      ...configEvidence(around),
      ...orderEvidence(state, at, moment),
      ...holdEvidence(state, at, moment),
      ...checkEvidence(state, at, moment),
      ...routeSentences(state, prefixes, moment),
      ...ribSentences(state, prefixes, moment),
      ...sentSentences(prefixes, around),
      ...sharedSentences(state, prefixes, at),
      ...sessionSentences(routes, around, holdersOf(state, prefixes)),
    ],
    next: serviceOutlook(state, at, moment),
  };
}

/** @returns undefined when nobody names the prefix, and no life of the agent owns it. */
export function whyPrefix(
  state: AgentState,
  prefix: string,
  around: Surroundings,
): Why | undefined {
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const route = state.routes.get(prefix);
  if (route === undefined) return undefined;
  const own = {
    subject: prefix,
    kind: "prefix",
    state: route.told,
  } as const;
  const routes = routeSentences(state, [prefix], around.moment);
  if (planned === undefined) {
    const owners = list(route.owned?.services ?? [], OWNERS_SHOWN);
    return {
      ...own,
      reason: "not-configured",
      since: undefined,
      because: [
        ...routes,
        ...ribSentences(state, [prefix], around.moment),
        ...sentSentences([prefix], around),
        `No service names it any more; it was announced for ${owners}.`,
        ...configEvidence(around),
      ],
      next: ["It is forgotten once ExaBGP has accepted its withdrawal."],
    };
  }
  const at = deciding(state, planned);
  const name = state.index.plan.services[at]?.name ?? "";
  const service = whyService(state, name, around);
  if (service === undefined) return undefined;
  const head = `Service ${name} is ${service.state} (${service.reason}) since ${seconds(service.since)}.`;
  return {
    ...own,
    reason: service.reason,
    since: service.since,
    because: [
      ...routes,
      ...ribSentences(state, [prefix], around.moment),
      ...sentSentences([prefix], around),
      ...configEvidence(around),
      ...sharedSentences(state, [prefix]),
      head,
      ...orderEvidence(state, at, around.moment),
      ...holdEvidence(state, at, around.moment),
      ...checkEvidence(state, at, around.moment),
      ...sessionSentences([route], around, holdersOf(state, [prefix])),
    ],
    next: service.next.map((sentence) => sentence.replace(/^It\b/, name)),
  };
}

/** All of it as one paragraph. */
export function whyText(why: Why, wallMs: number): string {
  const { subject, kind, state, reason, since, because, next } = why;
  if (kind === "prefix") return [...because, ...next].join(" ");
  const head = `${subject} is ${state} (${reason}) since ${seconds(since)}, for ${span(wallMs - Date.parse(since ?? ""))}.`;
  return [head, ...because, ...next].join(" ");
}

/** An agent that idles judges nothing. */
function configEvidence({ config, idles }: Surroundings): string[] {
  const idling = idles === undefined ? [] : [`The agent idles: ${idles}.`];
  return [...idling, ...fileEvidence(config)];
}

/** A service that runs by an old configuration, or none, is no decision of today's file. */
function fileEvidence({ origin, current }: Surroundings["config"]): string[] {
  if (origin === "none") {
    return [
      "There is no usable configuration: nothing new is announced, and only drains are obeyed; else what ExaBGP holds is left alone.",
    ];
  }
  if (origin === "last-good")
    return ["The file is not usable; the last good configuration goes on."];
  return current
    ? []
    : ["The file as it is now is not in force; the configuration before it goes on."];
}

function seconds(since: string | undefined): string {
  return since === undefined ? "-" : since.replace(/\.\d{3}Z$/, "Z");
}
