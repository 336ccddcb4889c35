/** Who ordered what about a service, until when, and what comes after it. */
import type { ServicePlan } from "../config/plan.ts";
import { decide } from "./decide.ts";
import { ALL_SERVICES, type Drain, type Pin } from "./inputs.ts";
import { coveringDrains, pinOf } from "./orders.ts";
import { isAnnounced, UNTOLD } from "./routes.ts";
import { circumstancesOf } from "./settle.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { afresh } from "./why-checks.ts";
import { waitsOf } from "./why-waits.ts";
import { ago, quote, soon } from "./why-words.ts";

/** More drains than an operator's and a window's are rare. */
const SHOWN_MAX = 4;

/** The drains that a service stands under, and its pin. */
export function orderEvidence(state: AgentState, at: number, moment: Moment): string[] {
  const name = state.index.plan.services[at]?.name ?? "";
  const drains = coveringDrains(state.drains, name).slice(0, SHOWN_MAX);
  const pin = pinOf(state.pins, name);
  const which = state.drains.length === 0 ? "The" : "Other";
  const unreadable = state.areDrainsComplete
    ? []
    : [`${which} drains cannot be read: nothing new is announced, because it may be drained.`];
  return [
    ...unreadable,
    ...drains.map((drain) => drainSentence(drain, moment)),
    ...(pin === undefined ? [] : [pinSentence(pin, drains.length > 0)]),
  ];
}

function drainSentence(drain: Drain, moment: Moment): string {
  const { service, kind, reason, by, problem, startedMs } = drain;
  const what = service === ALL_SERVICES ? "the whole PoP" : "it";
  const since = ago(startedMs, moment);
  const whoDid =
    kind === "window"
      ? `A maintenance window drains ${what} since ${since}`
      : `${by} drained ${what} at ${since}`;
  const note = reason === "" ? "without a reason" : `for ${quote(reason)}`;
  const file = problem === undefined ? "" : `; the drain's file ${quote(problem)}, and counts`;
  return `${whoDid}, ${note}${file}.`;
}

function pinSentence({ by, reason }: Pin, isBeaten: boolean): string {
  const note = reason === "" ? "without a reason" : `for ${quote(reason)}`;
  return `It is pinned by ${by}, ${note}${isBeaten ? "; a drain beats a pin" : ""}.`;
}

/** What happens to a drained or pinned service, and when. */
export function orderOutlook(state: AgentState, at: number, moment: Moment): string[] {
  const planned = state.index.plan.services[at];
  const current = state.services[at]?.state;
  if (planned === undefined) return [];
  const { name } = planned;
  const pin = pinOf(state.pins, name);
  if (current === "pinned" && pin !== undefined) {
    const { state: then, reason } = decide({
      ...circumstancesOf(state, at, moment.nowMs),
      isPinned: false,
    });
    return [
      `The pin ends at ${soon(pin.endsAtMs, moment)}, or with \`anyctl unpin ${name}\`.`,
      `Without it, it would be ${then} (${reason}) now.`,
    ];
  }
  const drains = coveringDrains(state.drains, name);
  if (drains.length === 0) return [];
  const isOut = planned.routes.every(
    ({ prefix }) => !isAnnounced(state.routes.get(prefix) ?? UNTOLD),
  );
  const stage =
    current !== "draining"
      ? []
      : [
          isOut
            ? "None of its prefixes is announced any more."
            : stageSentence(drains, planned, moment, pinOfDead(state, at, moment)),
        ];
  const fresh = afresh(state, at);
  const back =
    pin !== undefined
      ? `It is announced then because it is pinned, until ${soon(pin.endsAtMs, moment)}.`
      : fresh === ""
        ? "Nothing brings it back before a configuration describes it."
        : `It comes back then when its checks pass afresh: ${fresh}.`;
  const waits = pin !== undefined || fresh === "" ? [] : waitsOf(state, at, moment);
  return [...stage, endOf(drains, name, moment), back, ...waits];
}

/** The pin without which the service would not be announced as draining any more. */
function pinOfDead(state: AgentState, at: number, { nowMs }: Moment): Pin | undefined {
  const pin = pinOf(state.pins, state.index.plan.services[at]?.name ?? "");
  if (pin === undefined) return undefined;
  const without = decide({ ...circumstancesOf(state, at, nowMs), isPinned: false });
  return without.state === "draining" ? undefined : pin;
}

/** A drain that ends before its stage does takes nothing out. */
function stageSentence(
  drains: readonly Drain[],
  { drainDelayMs }: ServicePlan,
  moment: Moment,
  pin: Pin | undefined,
): string {
  const outMs = drains.map(({ startedMs, gracefulMs, endsAtMs }) => {
    const stageMs = startedMs + (gracefulMs ?? drainDelayMs);
    return (endsAtMs ?? Infinity) > stageMs ? stageMs : Infinity;
  });
  const lastMs = Math.max(...drains.map(({ endsAtMs }) => endsAtMs ?? Infinity));
  const unpinnedMs = pin !== undefined && pin.endsAtMs < lastMs ? pin.endsAtMs : Infinity;
  const firstMs = Math.min(...outMs, unpinnedMs);
  const sooner = pin === undefined ? "its checks fail" : "it is unpinned";
  return Number.isFinite(firstMs)
    ? `It leaves the set at ${soon(firstMs, moment)}, or at once if ${sooner}.`
    : `It leaves the set only if ${sooner}, because the drain ends before.`;
}

/** `The drain ends by itself at …, or with …` */
function endOf(drains: readonly Drain[], name: string, moment: Moment): string {
  const ends = drains.map(({ endsAtMs }) => endsAtMs ?? Infinity);
  const lastMs = Math.max(...ends);
  const files = drains.filter(({ kind }) => kind === "operator");
  const commands = [...new Set(files.map(({ service }) => service))].map((service) =>
    service === ALL_SERVICES ? "`anyctl undrain --all`" : `\`anyctl undrain ${name}\``,
  );
  const isWindow = files.length < drains.length;
  const what = drains.length > 1 ? "The drains end" : "The drain ends";
  const self = Number.isFinite(lastMs)
    ? ` by ${drains.length > 1 ? "themselves" : "itself"} at ${soon(lastMs, moment)}`
    : "";
  if (commands.length === 0 || isWindow)
    return self === "" ? `${what} when the window does.` : `${what}${self}.`;
  const by = commands.join(" and ");
  return self === "" ? `${what} with ${by} only.` : `${what}${self}, or with ${by}.`;
}
