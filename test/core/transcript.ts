/**
 * Runs a transcript: lines that a network engineer can read in, the complete output of the core out.
 *
 * Input: `service NAME PREFIX[,PREFIX] checks NAME[,NAME] [rise=N] [fall=N] [require=all|any|N] [shared=any] [med=N] [neighbors=N,N] [delay=MS] [draining=COMMUNITY] [down-med=N] [hold=damping-safe|FLAPS/WITHIN_MS/FOR_MS]
 * [advisory=CHECK,CHECK] [weight=N] [hysteresis=N] [min-up=MS] [degraded=COMMUNITY|MED|withdraw]`; a check is `NAME` or `NAME:WEIGHT`,
 * `owned PREFIX SERVICE[,SERVICE] [med=N] [neighbors=N,N] [shared=any] [withdrawn]`, `start`, `reload`, and `@MS pass|fail|inconclusive CHECK [REASON]`,
 * `@MS drain ACTOR SERVICE|_all "NOTE" [until=MS] [graceful=MS] [window]`, `@MS undrain ACTOR SERVICE|_all`, `@MS clear-hold ACTOR SERVICE|_all "NOTE"`, `withdrawn PREFIX MS[,MS]` (by an earlier life),
 * `@MS pin ACTOR SERVICE "NOTE" until=MS`, `@MS unpin ACTOR SERVICE`, `@MS done|error|refused PREFIX`, `@MS late-error PREFIX` (to the command before the last), `@MS tick`,
 * `@MS stop`, `@MS stall` (until then the agent stood still). `drains unreadable` before `start`, until
 * `@MS drains-read`, leaves the drains unknown. `answers manual` leaves the answers of ExaBGP to the transcript; else each command is `done` at once.
 * `@MS why SERVICE|PREFIX [exabgp=PHASE] [acks=off] [sent=PREFIX] [session=STATE] [config=ORIGIN|stale]` asks.
 * `awaits listing` before `start`, until `@MS no-listing` or the first `@MS holds [asked=MS] [ROUTE]… [sent=ROUTE:MS] [gone=ROUTE:MS] [down=NEIGHBOR]`: all that ExaBGP
 * holds, and the last UPDATE of a route. `@MS configured NEIGHBOR,ipv4,ipv6…` says what ExaBGP is configured with. ROUTE is `PREFIX@NEIGHBOR[,med=N]`, a neighbor the last byte of its address,
 * or `v6:` and the last word of an IPv6 address.
 * Output: `> command`, `= service from -> to (reason)`, `! refusal`, `~ order is over`, `? answer to why`, `% PREFIX drift`.
 */
import {
  encodeAnnounce,
  encodeWithdraw,
  normalizeRoute,
  type ConfiguredNeighbor,
  type Route,
} from "exabgp-ts-bridge";
import { fail, inconclusive, pass } from "../../checks/probe.ts";
import { buildHold } from "../../src/config/hold.ts";
import type { CheckPlan, Hold, Require, ServicePlan, Variant } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { findingText, type EchoedUpdate } from "../../src/core/drift.ts";
import type { HeldRoute } from "../../src/core/rib.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Flap } from "../../src/core/damping.ts";
import type { Action, Drain, Input, Pin, Undrain } from "../../src/core/inputs.ts";
import type { OwnedRoute } from "../../src/core/routes.ts";
import type { AgentState, Step } from "../../src/core/state.ts";
import { whyPrefix, whyService, whyText, type Surroundings } from "../../src/core/why.ts";
import { drain, REQUIRED, UNSTAGED } from "./fixtures.ts";

const SENT = { neighbor: "198.51.100.1", action: "announce" };

export function runTranscript(text: string): string {
  const run = new Run();
  const output: string[] = [];
  for (const line of text.split("\n")) {
    if (/^[>=!~?%]/.test(line)) continue;
    output.push(line, ...run.line(line));
  }
  return output.join("\n");
}

class Run {
  #services: ServicePlan[] = [];
  #owned = new Map<string, OwnedRoute>();
  #flaps = new Map<string, Flap[]>();
  #drains: Drain[] = [];
  #pins: Pin[] = [];
  #areDrainsKnown = true;
  #awaitsRib = false;
  #state: AgentState | undefined;
  #manual = false;

  line(line: string): string[] {
    const words = line.split("#")[0]?.match(/"[^"]*"|\S+/g) ?? [];
    const [first = "", ...rest] = words;
    if (first === "") return [];
    if (first.startsWith("@")) return this.#timed(Number(first.slice(1)), rest);
    switch (first) {
      case "drains":
        this.#areDrainsKnown = rest[0] !== "unreadable";
        return [];
      case "awaits":
        this.#awaitsRib = true;
        return [];
      case "answers":
        this.#manual = rest[0] === "manual";
        return [];
      case "service": {
        const service = parseService(rest);
        this.#services = [...this.#services.filter((s) => s.name !== service.name), service];
        return [];
      }
      case "remove":
        this.#services = this.#services.filter((s) => s.name !== rest[0]);
        return [];
      case "owned": {
        const [prefix = "", services = "", ...options] = rest;
        const shared = options.includes("shared=any") ? "any" : "all";
        const route = routeOf(prefix, options);
        const isWithdrawn = options.includes("withdrawn");
        this.#owned.set(prefix, { route, services: services.split(","), shared, isWithdrawn });
        return [];
      }
      case "withdrawn": {
        const [prefix = "", times = ""] = rest;
        const flaps = times
          .split(",")
          .map((ms) => ({ withdrawnMs: Number(ms), returnedMs: undefined }));
        this.#flaps.set(prefix, flaps);
        return [];
      }
      default:
        throw new Error(`Cannot read the transcript line "${line}"`);
    }
  }

  #timed(nowMs: number, [verb = "", ...words]: string[]): string[] {
    const plan = { pop: "test1", services: this.#services };
    if (verb === "start") {
      const drains = this.#areDrainsKnown ? this.#drains : undefined;
      const [flaps, awaits] = [this.#flaps, this.#awaitsRib];
      return this.#take(startAgent(plan, this.#owned, drains, nowMs, flaps, awaits), nowMs);
    }
    if (verb === "reload")
      return this.#dispatch(
        { type: "reload", plan, actor: "unknown", force: words.includes("force") },
        nowMs,
      );
    this.#state ??= startAgent(plan, this.#owned, this.#drains, 0).state;
    if (verb === "why") return [`? ${this.#why(words, nowMs)}`];
    return this.#dispatch(this.#input(verb, words, nowMs), nowMs);
  }

  #why([subject = "", ...options]: string[], nowMs: number): string {
    const origin = optionOf(options, "config");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the transcript's own words
    const around = {
      moment: { nowMs, wallMs: Date.UTC(2026, 0, 1) + nowMs },
      sessions: [{ neighbor: "198.51.100.1", state: optionOf(options, "session") ?? "up" }],
      exabgp: {
        phase: optionOf(options, "exabgp") ?? "ready",
        acks: optionOf(options, "acks") ?? "on",
      },
      config: {
        origin: origin === "stale" ? "file" : (origin ?? "file"),
        current: origin === undefined,
      },
      sent: new Map([
        [
          optionOf(options, "sent"),
          [{ ...SENT, at: new Date(nowMs + Date.UTC(2026, 0, 1) - 4000).toISOString() }],
        ],
      ]),
    } as Surroundings;
    if (this.#state === undefined) return "The transcript has not started";
    const why = (subject.includes("/") ? whyPrefix : whyService)(this.#state, subject, around);
    return why === undefined ? `There is no ${subject}` : whyText(why, around.moment.wallMs);
  }

  #input(verb: string, words: string[], nowMs: number): Input {
    const [first = "", second = "", third = ""] = words;
    switch (verb) {
      case "pass":
      case "fail":
      case "inconclusive": {
        const begun = words.find((word) => word.startsWith("begun="));
        return {
          type: "result",
          check: this.#checkId(first),
          result: {
            pass: pass(),
            fail: fail("timeout", ""),
            inconclusive: inconclusive("stalled", ""),
          }[verb],
          startedMs: begun === undefined ? nowMs : Number(begun.slice("begun=".length)),
          elapsedMs: 1,
        };
      }
      case "drains-read":
        this.#areDrainsKnown = true;
        return { type: "drains", drains: [...this.#drains], undrains: [] };
      case "drain":
      case "undrain": {
        this.#drains = this.#drains.filter(({ service }) => service !== second);
        const reason = third.replaceAll('"', "");
        const order = drain({
          service: second,
          reason,
          by: first,
          kind: words.includes("window") ? "window" : "operator",
          until: optionOf(words, "until"),
          startedMs: nowMs,
          endsAtMs: numberOf(words, "until"),
          gracefulMs: numberOf(words, "graceful"),
        });
        if (verb === "drain") this.#drains.push(order);
        const undrains: Undrain[] = verb === "drain" ? [] : [order];
        const isPartial = !this.#areDrainsKnown;
        return { type: "drains", drains: [...this.#drains], undrains, isPartial };
      }
      case "clear-hold": {
        this.#drains = this.#drains.filter(({ service }) => service !== second);
        const reason = third.replaceAll('"', "");
        const undrain: Undrain = { service: second, by: first, reason, clearsHold: true };
        return { type: "drains", drains: [...this.#drains], undrains: [undrain] };
      }
      case "pin":
      case "unpin": {
        this.#pins = this.#pins.filter(({ service }) => service !== second);
        const order = { service: second, reason: third.replaceAll('"', ""), by: first };
        const until = optionOf(words, "until") ?? "";
        const pin: Pin = { ...order, since: undefined, until, endsAtMs: Number(until) };
        if (verb === "pin") this.#pins.push(pin);
        return { type: "pins", pins: [...this.#pins], unpins: verb === "pin" ? [] : [order] };
      }
      case "done":
      case "error":
      case "refused":
      case "late-error": {
        const last = this.#state?.routes.get(first)?.change ?? 0;
        const change = verb === "late-error" ? last - 1 : last;
        const answer = {
          prefix: first,
          change,
          done: verb === "done",
          refused: verb === "refused",
        };
        return { type: "answers", answers: [answer] };
      }
      case "holds":
        return listingOf(words, nowMs);
      case "configured":
        return { type: "neighbors", neighbors: words.map(configuredOf) };
      case "no-listing":
        return { type: "no-rib" };
      case "stall":
        return { type: "stalled" };
      case "tick":
        return { type: "tick" };
      case "stop":
        return { type: "stop", actor: "agent" };
      default:
        throw new Error(`Cannot read the transcript verb "${verb}"`);
    }
  }

  #dispatch(input: Input, nowMs: number): string[] {
    if (this.#state === undefined) throw new Error("The transcript has not started");
    return this.#take(step(this.#state, input, nowMs), nowMs);
  }

  #take({ state, actions }: Step, nowMs: number): string[] {
    this.#state = state;
    const lines = actions.flatMap(render);
    if (!this.#manual) {
      for (const action of actions) {
        if (action.type !== "announce" && action.type !== "withdraw") continue;
        const { route, change } = action;
        const answer = { prefix: route.prefix, change, done: true };
        lines.push(...this.#dispatch({ type: "answers", answers: [answer] }, nowMs));
      }
    }
    return lines;
  }

  /** `SERVICE/CHECK`, or just the check's name when only one service has it. */
  #checkId(word: string): string {
    const ids = this.#services.flatMap(({ checks }) => checks.map(({ id }) => id));
    return ids.find((id) => id === word || id.endsWith(`/${word}`)) ?? word;
  }
}

function render(action: Action): string[] {
  switch (action.type) {
    case "announce":
      return [`> ${encodeAnnounce(action.route)}`];
    case "withdraw":
      return [`> ${encodeWithdraw(action.route)}`];
    case "transition": {
      const by = action.actor === "agent" ? "" : ` by ${action.actor}`;
      const note = action.note === "" ? "" : ` "${action.note}"`;
      const until = action.heldUntilMs === undefined ? "" : ` until ${action.heldUntilMs}`;
      return [
        `= ${action.service} ${action.from} -> ${action.to} (${action.reason}${until}${by}${note})`,
      ];
    }
    case "refused":
      return [`! ${action.reason} ${action.prefixes.length} of ${action.announced}`];
    case "verdict":
      return [];
    case "drift":
      return action.drifts.map(
        ({ prefix, findings }) => `% ${prefix} ${findings.map(findingText).join(", ")}`,
      );
    case "expired":
      return [`~ ${action.order} of ${action.service} is over`];
  }
}

function listingOf(words: readonly string[], nowMs: number): Input {
  const sent = new Map<string, EchoedUpdate[]>();
  const sentAtMs = new Map<string, number>();
  for (const [key, action] of [["sent=", "announce"] as const, ["gone=", "withdraw"] as const]) {
    for (const word of words.filter((one) => one.startsWith(key))) {
      const { prefix, neighbor } = heldOf(word.slice(key.length, word.lastIndexOf(":")));
      const atMs = Number(word.slice(word.lastIndexOf(":") + 1));
      sent.set(prefix, [...(sent.get(prefix) ?? []), { neighbor, action, atMs }]);
      sentAtMs.set(neighbor, Math.max(atMs, sentAtMs.get(neighbor) ?? 0));
    }
  }
  const down = optionOf(words, "down");
  const up = new Set(["1", "2", "3"].filter((one) => one !== down).map(neighborOf));
  const routes = words.filter((word) => /^[^=]+@/.test(word)).map(heldOf);
  const askedMs = numberOf(words, "asked") ?? nowMs;
  return {
    type: "rib",
    askedMs,
    routes,
    wire: { sent, sentAtMs, up },
    selects: !words.includes("unselecting"),
    tellsAttributes: !words.includes("bare"),
  };
}

function configuredOf(word: string): ConfiguredNeighbor {
  const [address = "", ...families] = word.split(",");
  return {
    neighbor: neighborOf(address),
    localAddress: undefined,
    families: (["ipv4", "ipv6"] as const).filter((one) => families.includes(one)),
  };
}

function heldOf(word: string): HeldRoute {
  const [target = "", ...attributes] = word.split(",");
  const [prefix = "", neighbor = ""] = target.split("@");
  const route = attributes.includes("odd") ? undefined : routeOf(prefix, attributes);
  return { prefix, neighbor: neighborOf(neighbor), route, localAddress: "203.0.113.9" };
}

function neighborOf(last: string): string {
  return last.startsWith("v6:") ? `2001:db8:1::${last.slice(3)}` : `198.51.100.${last}`;
}

function parseService([
  name = "",
  prefixes = "",
  ,
  checks = "",
  ...options
]: string[]): ServicePlan {
  const option = (key: string) =>
    options.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const advisory = option("advisory")?.split(",") ?? [];
  return {
    name,
    require: requireOf(options),
    shared: option("shared") === "any" ? "any" : "all",
    routes: prefixes.split(",").map((prefix) => routeOf(prefix, options)),
    ...UNSTAGED,
    when: whenOf(prefixes.split(","), options),
    drainDelayMs: numberOf(options, "delay") ?? 0,
    hold: holdOf(option("hold")),
    minUpTimeMs: numberOf(options, "min-up") ?? 0,
    checks: checks
      .split(",")
      .filter((check) => check !== "none")
      .map((word) => word.split(":"))
      .map(([check = "", weight = "1"]): CheckPlan => ({
        id: `${name}/${check}`,
        name: check,
        rise: Number(option("rise") ?? 3),
        fall: Number(option("fall") ?? 3),
        ...REQUIRED,
        weight: Number(weight),
        advisory: advisory.includes(check),
        timing: { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 },
        spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
      })),
  };
}

function requireOf(options: string[]): Require {
  const weight = numberOf(options, "weight");
  if (weight !== undefined) return { weight, hysteresis: numberOf(options, "hysteresis") ?? 0 };
  const require = optionOf(options, "require") ?? "all";
  return require === "all" || require === "any" ? require : { atLeast: Number(require) };
}

function routeOf(prefix: string, options: string[]): Route {
  const med = options.find((word) => word.startsWith("med="));
  const attributes = med === undefined ? {} : { med: Number(med.slice("med=".length)) };
  const neighbors = (optionOf(options, "neighbors")?.split(",") ?? []).map(neighborOf);
  return normalizeRoute({ prefix, nextHop: "self", ...attributes, neighbors });
}

function whenOf(prefixes: string[], options: string[]): ServicePlan["when"] {
  const when: Partial<Record<Variant, Route[]>> = {};
  const community = optionOf(options, "draining");
  const med = optionOf(options, "down-med");
  const degraded = optionOf(options, "degraded") ?? "";
  const neighbors = options.filter((word) => word.startsWith("neighbors="));
  if (degraded !== "withdraw") {
    when.degraded = prefixes.map((prefix) => {
      if (degraded.includes(":")) {
        return normalizeRoute({ ...routeOf(prefix, options), communities: [degraded] });
      }
      return routeOf(prefix, degraded === "" ? options : [`med=${degraded}`, ...neighbors]);
    });
  }
  if (community !== undefined) {
    when.draining = prefixes.map((prefix) =>
      normalizeRoute({ ...routeOf(prefix, options), communities: [community] }),
    );
  }
  if (med !== undefined)
    when.down = prefixes.map((prefix) => routeOf(prefix, [`med=${med}`, ...neighbors]));
  return when;
}

function holdOf(text: string | undefined): Hold | undefined {
  if (text === undefined) return undefined;
  if (text === "damping-safe") return buildHold("damping-safe");
  const [flaps = 1, withinMs = 0, furtherMs = 0] = text.split("/").map(Number);
  return { withinMs, first: Array.from({ length: flaps - 1 }, () => 0), furtherMs };
}

function numberOf(words: readonly string[], key: string): number | undefined {
  const text = optionOf(words, key);
  return text === undefined ? undefined : Number(text);
}

function optionOf(words: readonly string[], key: string): string | undefined {
  return words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
}
