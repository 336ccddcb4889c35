/** Watches a run and says when a promise is broken. It knows what happened, not what the agent thinks of it. */
import type { Life } from "./agent.ts";
import type { Blueprint, CheckBlueprint, ServiceBlueprint } from "./blueprint.ts";
import { Calm } from "./calm.ts";
import { readLine, type RouteLine } from "./exabgp-lines.ts";
import type { SentUpdate } from "./exabgp-rib.ts";
import { attributesText, expectedOf } from "./expectation.ts";
import { Upstream } from "./flaps.ts";
import type { Happening } from "./happenings.ts";
import { Judged, neededOf } from "./judged.ts";
import type { Pop } from "./pop.ts";
import { type Mode, SLOW_MS, type Target } from "./targets.ts";
import { type Drained, StandingOrders } from "./standing-orders.ts";

export const PROMISES = [
  "grammar",
  "not-while-drained",
  "not-before-verdict",
  "down-is-off",
  "healthy-is-on",
  "not-without-cause",
  "not-before-min-up-time",
  "only-its-own",
  "no-self-made-outage",
  "wire-is-state",
  "no-command-twice",
  "flap-budget",
  "hang-is-out",
  "mass-withdrawal",
  "respawn-is-silent",
  "bounded",
  "alive",
] as const;

export type Promise = (typeof PROMISES)[number];

export interface Violation {
  readonly promise: Promise;
  readonly detail: string;
  readonly atMs: number;
}

/** A drain is seen within 100 ms; a millisecond or two for the rest. */
const SEEN_MS = 110;

/** ExaBGP's turns, and a prefix's rest between two commands. */
const COMMAND_MS = 400;

/** A state that has just changed is not on the wire yet. */
const STATE_SETTLES_MS = 2500;

/** 25 min after a withdrawal, and a little more. */
const HOLD_MAX_MS = 25 * 60_000 + 5000;

const QUIET_MS = 30_000;

/** Prefixes in one second; of more, each has its turn. */
const LOOKED_AT_MAX = 6;

/** Two questions that are not answered, the last ping before them, and what systemd waits for the next. */
const HANG_MAX_MS = 14_000;

const PLANNED_MAX = 400;

/** From the start of a life to the verdict about what serves. */
const FIRST_VERDICT_MS = 30_000;

/** After a stall nobody can say which results count. */
const STALL_OVER_MS = 60_000;

export class Oracle {
  violation: Violation | undefined;
  /** How often each promise was held against something that could have broken it. */
  readonly tried: Partial<Record<Promise, number>> = {};
  readonly #calm: Calm;
  readonly #orders = new StandingOrders();
  readonly #judged = new Judged();
  readonly #upstream = new Upstream();
  readonly #lastLines = new Map<string, { readonly key: string; readonly atMs: number }>();
  /** Told about by somebody else, or by a life that nobody can hold to account. */
  readonly #touched = new Set<string>();
  /** Prefixes whose flaps nobody counts: an operator or a broken disk had a hand in them. */
  readonly #excused = new Set<string>();
  #isFlapExcused = false;
  #pop: () => Pop;
  #life: Life | undefined;
  #lastExabgpLife = "";
  #reloadedMs = 0;
  #quietUntilMs = 0;
  #forcedPops = new Set<string>(["pop1"]);
  #lastPlan = "";
  #looks = 0;
  #hungMs = 0;
  /** What ExaBGP held when this life began: it need not wait for anything. */
  #found = new Set<string>();
  #isRespawn = false;
  #lastAnnounced: readonly string[] = [];

  constructor(pop: () => Pop, reconcileMs: number) {
    this.#pop = pop;
    this.#calm = new Calm(reconcileMs);
  }

  happened(happening: Happening): void {
    const { world } = this.#pop();
    const { nowMs } = world;
    const { kind } = happening;
    this.#quietUntilMs = 0;
    if ((kind === "kill" || kind === "terminate") && this.#isAllWell()) {
      this.#quietUntilMs = nowMs + QUIET_MS;
      this.#try("respawn-is-silent");
    }
    this.#calm.happened(happening, nowMs);
    const before = this.#drainedNames();
    this.#orders.happened(happening, nowMs);
    this.#release(before);
    if (kind === "drain" && happening.forMs !== undefined && happening.how === "order") {
      world.after(happening.forMs, () => this.#expire());
    }
    if (kind === "pin") world.after(happening.forMs, () => this.#expire());
    if (kind === "pin" || (kind === "undrain" && happening.clearsHold)) this.#isFlapExcused = true;
    if (kind === "disk-full" || kind === "kill-writing" || kind === "wall-step") {
      this.#isFlapExcused = true;
    }
    if (kind === "reload") {
      this.#reloadedMs = nowMs;
      this.#isFlapExcused = true;
      if (happening.force && happening.blueprint !== "invalid") {
        this.#forcedPops.add(happening.blueprint.pop);
      }
    }
    if (kind === "others") {
      const read = readLine(happening.line);
      if (read.kind === "route") for (const prefix of read.line.prefixes) this.#touched.add(prefix);
    }
    if (kind === "target") this.#lookWhenDue(happening.port, happening.mode);
  }

  /** Not only once a second: at the very moment at which it must be off. */
  #lookWhenDue(port: number, mode: Mode): void {
    if (mode !== "refused" && mode !== "wrong") return;
    for (const { checks, prefixes } of this.#blueprint?.services ?? []) {
      const check = checks.find((one) => one.port === port);
      if (check === undefined) continue;
      this.#pop().world.after(downBoundMs(check, this.#pop().targets.of(port)) + 1, () => {
        const blueprint = this.#blueprint;
        if (blueprint === undefined || this.#pop().life === undefined) return;
        for (const prefix of prefixes.slice(0, LOOKED_AT_MAX)) this.#checkOff(blueprint, prefix);
      });
    }
  }

  began(life: Life): void {
    const { world } = this.#pop();
    this.#life = life;
    this.#found = new Set(this.#pop().exabgp.ribs.flatMap(({ held }) => [...held.keys()]));
    this.#judged.forgetAll();
    this.#lastLines.clear();
    this.#calm.began(world.nowMs);
    if (life.exabgpLife !== this.#lastExabgpLife) this.#orders.begunAnew(world.nowMs);
    this.#isRespawn = life.exabgpLife === this.#lastExabgpLife;
    this.#lastExabgpLife = life.exabgpLife;
    this.#lastPlan = "";
  }

  /** systemd has waited for a ping in vain. */
  restarted(): void {
    const { nowMs } = this.#pop().world;
    if (nowMs > this.#calm.withdrawalFromMs) {
      this.#fail("no-self-made-outage", "no pings for systemd, and all is well");
    }
    this.#calm.restarted(nowMs);
  }

  session(): void {
    this.#calm.session(this.#pop().world.nowMs);
  }

  malformed(line: string): void {
    this.#fail("grammar", `ExaBGP can make nothing of: ${line}`);
  }

  saw(port: number, outcome: string): void {
    for (const service of this.#blueprint?.services ?? []) {
      const check = service.checks.find((one) => one.port === port);
      if (check !== undefined) this.#judged.saw(check, outcome, this.#pop().world.nowMs);
    }
  }

  wrote(life: Life, text: string): void {
    const read = readLine(text);
    if (read.kind === "malformed") this.#fail("grammar", text);
    if (read.kind !== "route") return;
    this.#watchPlan(life);
    this.#try("grammar");
    if (this.#pop().world.nowMs < this.#quietUntilMs) {
      this.#fail("respawn-is-silent", `after a healthy respawn: ${text}`);
    }
    this.#checkTwice(read.line);
    this.#checkOwn(read.line);
    if (read.line.verb === "announce") {
      for (const prefix of read.line.prefixes) this.#checkAnnounced(prefix, read.line, life);
    } else {
      for (const prefix of read.line.prefixes) this.#checkWithdrawn(prefix);
    }
  }

  sent({ neighbor, action, prefix }: SentUpdate, had: boolean): void {
    const { nowMs } = this.#pop().world;
    if (nowMs < this.#quietUntilMs) {
      this.#fail("respawn-is-silent", `${action} ${prefix} to ${neighbor} after a healthy respawn`);
    }
    if (action === "announce" || !had) return;
    const owners = this.#ownersOf(prefix);
    if (this.#touched.has(prefix) || this.#isFlapExcused) return;
    if (owners.length !== 1 || owners[0]?.isHeld !== true) return;
    const penalty = this.#upstream.withdrawn(neighbor, prefix, nowMs);
    const isCalm = nowMs > this.#calm.withdrawalFromMs;
    this.#try("flap-budget");
    if (penalty !== undefined && isCalm && !this.#excused.has(prefix)) {
      this.#fail("flap-budget", `${prefix} has a penalty of ${penalty} at ${neighbor}`);
    }
  }

  /** Before anything else happens after a reload. */
  recorded(reason: string): void {
    if (reason === "drift" && this.#pop().world.nowMs > this.#calm.equalFromMs) {
      this.#fail("wire-is-state", "the agent has found drift, and nobody else had a hand in it");
    }
    if (this.#life !== undefined) this.#watchPlan(this.#life);
  }

  /** Once a second. */
  looked(): void {
    const { life, exabgp, world } = this.#pop();
    const blueprint = this.#blueprint;
    this.#hungMs = exabgp.isRunning && exabgp.isHung ? this.#hungMs + 1000 : 0;
    if (exabgp.settings.watchdogMs !== undefined && this.#hungMs > 0) this.#try("hang-is-out");
    if (exabgp.settings.watchdogMs !== undefined && this.#hungMs > HANG_MAX_MS) {
      this.#fail("hang-is-out", `ExaBGP has hung for ${this.#hungMs} ms at ${world.elapsedMs}`);
    }
    if (life === undefined) return;
    this.#watchPlan(life);
    if (blueprint === undefined) return;
    const prefixes = new Set(blueprint.services.flatMap((service) => service.prefixes));
    for (const other of this.#pop().blueprints.values()) {
      for (const prefix of prefixesOf(other)) if (!this.#touched.has(prefix)) prefixes.add(prefix);
    }
    const turns = Math.ceil(prefixes.size / LOOKED_AT_MAX);
    this.#looks += 1;
    for (const [nth, prefix] of [...prefixes].entries()) {
      if (nth % turns !== this.#looks % turns) continue;
      this.#checkOff(blueprint, prefix);
      this.#checkOn(prefix);
      this.#checkEqual(blueprint, prefix, life);
    }
    this.#try("bounded");
    const { planned = 0 } = life.sizes;
    if (planned > PLANNED_MAX) this.#fail("bounded", `${planned} timers`);
  }

  /** At the end of a run. */
  ended(): void {
    const { life, world } = this.#pop();
    if (life?.state === undefined || world.nowMs < this.#calm.equalFromMs) return;
    const { queued = 0, inFlight = 0, open = 0, unreadBytes = 0 } = life.sizes;
    if (inFlight > 0 || queued > 0)
      this.#fail("bounded", `${queued} queued, ${inFlight} in flight`);
    if (open > 0) this.#fail("bounded", `${open} decisions without an end`);
    if (unreadBytes > 1024) this.#fail("bounded", `${unreadBytes} bytes unread`);
    const { routes, drifts, flaps } = life.state;
    const known = new Set([...this.#pop().blueprints.values()].flatMap(prefixesOf));
    const sizes = { routes: routes.size, drifts: drifts.size, flaps: flaps.size };
    for (const [name, size] of Object.entries(sizes)) {
      if (size > known.size) this.#fail("bounded", `${name} has ${size} of ${known.size} prefixes`);
    }
  }

  get #blueprint(): Blueprint | undefined {
    const pop = this.#life?.state?.index.plan.pop;
    const plan = this.#life?.state?.index.plan.services.length ?? 0;
    const blueprint = this.#pop().blueprints.get(pop ?? "");
    // Without a configuration only what is owned is known.
    return blueprint?.services.length === plan ? blueprint : undefined;
  }

  #ownersOf(prefix: string): readonly ServiceBlueprint[] {
    const services = this.#blueprint?.services ?? [];
    return services.filter(({ prefixes }) => prefixes.includes(prefix));
  }

  #try(promise: Promise): void {
    this.tried[promise] = (this.tried[promise] ?? 0) + 1;
  }

  #fail(promise: Promise, detail: string): void {
    this.violation ??= { promise, detail, atMs: this.#pop().world.elapsedMs };
  }

  #expire(): void {
    const before = this.#drainedNames();
    this.#orders.expire(this.#pop().world.nowMs);
    this.#release(before);
  }

  /** As far as the agent must know of it: one that stood still has not seen what came and went meanwhile. */
  #drainedNames(): ReadonlySet<string> {
    const services = this.#blueprint?.services ?? [];
    const { nowMs } = this.#pop().world;
    const isSeen = ({ sinceMs }: Drained): boolean =>
      Math.max(sinceMs, this.#life?.stillUntilMs ?? 0) + SEEN_MS < nowMs;
    const drained = services.filter(({ name }) => {
      const one = this.#orders.drained(name, 0);
      return one !== undefined && isSeen(one);
    });
    return new Set(drained.map(({ name }) => name));
  }

  /** Checks of services that are drained no more must pass anew. */
  #release(before: ReadonlySet<string>): void {
    for (const { name, checks } of this.#blueprint?.services ?? []) {
      const isReleased = before.has(name) && this.#orders.drained(name, 0) === undefined;
      if (isReleased) this.#judged.forget(checks.map(({ port }) => port));
    }
  }

  #checkAnnounced(prefix: string, line: RouteLine, life: Life): void {
    const blueprint = this.#blueprint;
    if (blueprint === undefined) return;
    const owners = this.#ownersOf(prefix);
    const [first] = owners;
    if (first === undefined) return this.#fail("not-before-verdict", `${prefix} is nobody's`);
    this.#try("not-before-verdict");
    const refusals = owners.map((service) => this.#refusalOf(service, prefix, line, life));
    const isRefused =
      first.shared === "all"
        ? refusals.some((one) => one !== undefined)
        : refusals.every((one) => one !== undefined);
    const refusal = refusals.find((one) => one !== undefined);
    if (isRefused && refusal !== undefined)
      this.#fail(refusal, `announce ${prefix} ${line.attributes}`);
  }

  /** Why the service may not be announced now. */
  #refusalOf(
    service: ServiceBlueprint,
    prefix: string,
    { attributes }: RouteLine,
    life: Life,
  ): Promise | undefined {
    const { name, drainDelayMs } = service;
    if (this.#orders.isVague(name)) return undefined;
    const { nowMs } = this.#pop().world;
    const drained = this.#orders.drained(name, drainDelayMs);
    if (drained !== undefined) {
      const seenFromMs = Math.max(drained.sinceMs, life.stillUntilMs) + SEEN_MS;
      if (nowMs < seenFromMs) return undefined;
      this.#try("not-while-drained");
      const isStage = attributes === attributesText(service, "draining", prefix);
      const isOver = nowMs > Math.max(drained.stageEndMs, life.stillUntilMs) + SEEN_MS;
      return isStage && !isOver ? undefined : "not-while-drained";
    }
    if (this.#orders.isPinned(name) || service.down !== undefined) return undefined;
    // The end of an order is seen a little later than it happens.
    if (nowMs - this.#orders.changedMs(name) < SEEN_MS) return undefined;
    if (!this.#judged.mayServe(service)) return "not-before-verdict";
    // What is announced goes on; only what comes back waits.
    if (service.minUpTimeMs === 0 || this.#found.has(prefix) || this.#isHeld(prefix)) return;
    this.#try("not-before-min-up-time");
    const servesMs = this.#judged.servesSinceMs(service);
    // An earlier life has left word of what it announced: to this one, that was met when it began.
    const isKnown = this.#isRespawn && servesMs - life.beganMs < FIRST_VERDICT_MS;
    const sinceMs = isKnown ? life.beganMs : servesMs;
    return nowMs < sinceMs + service.minUpTimeMs ? "not-before-min-up-time" : undefined;
  }

  /** Whether ExaBGP has it for anybody. */
  #isHeld(prefix: string): boolean {
    return this.#pop().exabgp.ribs.some(({ held }) => held.has(prefix));
  }

  /** Nobody else's prefix is touched, and no neighbor is told of what it is not to have. */
  #checkOwn({ verb, neighbors, prefixes }: RouteLine): void {
    const known = new Set([...this.#pop().blueprints.values()].flatMap(prefixesOf));
    this.#try("only-its-own");
    for (const prefix of prefixes) {
      if (!known.has(prefix)) this.#fail("only-its-own", `${verb} ${prefix}, which is nobody's`);
      const named = this.#ownersOf(prefix)[0]?.neighbors;
      if (verb === "withdraw" || named === undefined) continue;
      if (neighbors?.every((one) => named.includes(one)) !== true) {
        this.#fail(
          "only-its-own",
          `${prefix} to ${neighbors?.join() ?? "all"}, not ${named.join()}`,
        );
      }
    }
  }

  /** What serves is not withdrawn: not by a host that stands still, and not by a new life. */
  #checkWithdrawn(prefix: string): void {
    const { nowMs } = this.#pop().world;
    const owners = this.#ownersOf(prefix);
    this.#checkCause(prefix, owners);
    const isServing = (service: ServiceBlueprint) => this.#mustBeOn(service, 0);
    if (nowMs > this.#calm.mendedFromMs) this.#try("no-self-made-outage");
    const mustStay = owners[0]?.shared === "any" ? owners.some(isServing) : owners.every(isServing);
    if (owners.length === 0 || !mustStay || nowMs < this.#calm.mendedFromMs) return;
    if (this.#having(prefix).length === 0) return;
    this.#fail("no-self-made-outage", `${prefix} is withdrawn, and all is well`);
  }

  /** Nothing is withdrawn but by an order, or by `fall` failures in a row. */
  #checkCause(prefix: string, owners: readonly ServiceBlueprint[]): void {
    const { nowMs } = this.#pop().world;
    const [first] = owners;
    const settledMs = Math.max(
      this.#calm.mendedFromMs,
      this.#reloadedMs + STATE_SETTLES_MS,
      (this.#life?.stillUntilMs ?? 0) + STALL_OVER_MS,
      ...owners.map(({ name }) => this.#orders.changedMs(name) + STATE_SETTLES_MS),
    );
    if (first === undefined || nowMs < settledMs || this.#having(prefix).length === 0) return;
    const hasCause = (service: ServiceBlueprint): boolean =>
      this.#orders.isVague(service.name) ||
      this.#orders.drained(service.name, 0) !== undefined ||
      this.#judged.mayBeDown(service);
    this.#try("not-without-cause");
    if (first.shared === "any" ? owners.every(hasCause) : owners.some(hasCause)) return;
    this.#fail("not-without-cause", `${prefix} is withdrawn, and too few failures are known`);
  }

  #checkTwice({ verb, neighbors, prefixes, attributes }: RouteLine): void {
    const { nowMs } = this.#pop().world;
    for (const prefix of prefixes) {
      const key = `${verb} ${neighbors?.join() ?? ""} ${attributes}`;
      const last = this.#lastLines.get(prefix);
      this.#lastLines.set(prefix, { key, atMs: nowMs });
      const isCalm = last !== undefined && nowMs > this.#calm.equalFromMs;
      if (isCalm) this.#try("no-command-twice");
      if (isCalm && last.key === key) {
        this.#fail("no-command-twice", `${verb} ${prefix} ${attributes}`);
      }
    }
  }

  /** Nobody has the prefix of a service that is drained, or dead beyond doubt. */
  #checkOff(blueprint: Blueprint, prefix: string): void {
    const owners = this.#ownersOf(prefix);
    const isOff = (service: ServiceBlueprint) => this.#whyOff(service) !== undefined;
    const [first] = owners;
    const mustBeOff = first?.shared === "any" ? owners.every(isOff) : owners.some(isOff);
    if (!mustBeOff || blueprint.services.length === 0) return;
    const whys = owners.map((service) => this.#whyOff(service));
    const why = whys.find((one) => one !== undefined) ?? "down-is-off";
    this.#try(why);
    const having = this.#having(prefix);
    if (having.length === 0) return;
    this.#fail(why, `${prefix} is at ${having.join(", ")}`);
  }

  #whyOff(service: ServiceBlueprint): Promise | undefined {
    const { name, drainDelayMs } = service;
    if (this.#orders.isVague(name)) return undefined;
    const { nowMs } = this.#pop().world;
    const calmMs = this.#calm.withdrawalFromMs;
    const drained = this.#orders.drained(name, drainDelayMs);
    if (drained !== undefined) {
      const dueMs = Math.max(drained.sinceMs, drained.stageEndMs, calmMs, this.#reloadedMs);
      return nowMs > dueMs + SEEN_MS + COMMAND_MS ? "not-while-drained" : undefined;
    }
    if (service.down !== undefined || this.#orders.isPinned(name)) return undefined;
    const sinceMs = Math.max(calmMs, this.#orders.changedMs(name), this.#reloadedMs);
    const required = service.checks.filter(({ advisory }) => !advisory);
    const down = required.filter((check) => {
      const target = this.#pop().targets.of(check.port);
      const isDefinite = target.mode === "refused" || target.mode === "wrong";
      return isDefinite && nowMs > Math.max(target.sinceMs, sinceMs) + downBoundMs(check, target);
    }).length;
    const needed = neededOf(service.require, required.length);
    return required.length - down < needed ? "down-is-off" : undefined;
  }

  /** Whoever serves, and is held back by nothing, is announced. */
  #checkOn(prefix: string): void {
    const owners = this.#ownersOf(prefix);
    const { nowMs } = this.#pop().world;
    if (owners.length === 0 || nowMs < this.#calm.equalFromMs) return;
    const { equalFromMs } = this.#calm;
    const isOn = (service: ServiceBlueprint) => this.#mustBeOn(service, equalFromMs);
    if (!(owners[0]?.shared === "any" ? owners.some(isOn) : owners.every(isOn))) return;
    this.#try("healthy-is-on");
    const having = new Set(this.#having(prefix));
    for (const { peer, isUp, takes, isNamed } of this.#ribs(prefix)) {
      if (isUp && takes && isNamed && !having.has(peer))
        this.#fail("healthy-is-on", `${prefix} is not at ${peer}`);
    }
  }

  #mustBeOn(service: ServiceBlueprint, calmMs: number): boolean {
    const { name, drainDelayMs, checks } = service;
    if (this.#orders.isVague(name)) return false;
    if (this.#orders.drained(name, drainDelayMs) !== undefined) return false;
    const { nowMs } = this.#pop().world;
    const waitMs = service.minUpTimeMs + (service.isHeld ? HOLD_MAX_MS : 0);
    const sinceMs = Math.max(this.#orders.changedMs(name), this.#reloadedMs, calmMs);
    const required = checks.filter(({ advisory }) => !advisory);
    const serving = required.filter((check) => {
      const { mode, sinceMs: targetMs } = this.#pop().targets.of(check.port);
      const boundMs =
        2 * check.intervalMs + check.timeoutMs + check.rise * check.intervalMs + COMMAND_MS;
      const isServing = mode === "passes" || mode === "slow";
      return isServing && nowMs > Math.max(sinceMs, targetMs) + boundMs + waitMs;
    });
    return serving.length >= neededOf(service.require, required.length);
  }

  /** Undisturbed, every neighbor has exactly what the states say. */
  #checkEqual(blueprint: Blueprint, prefix: string, life: Life): void {
    const { nowMs } = this.#pop().world;
    const { state } = life;
    if (state === undefined || nowMs < this.#calm.equalFromMs) return;
    const states = new Map<string, string>();
    for (const [at, { name }] of state.index.plan.services.entries()) {
      const service = state.services[at];
      const isSettled = service !== undefined && nowMs - service.sinceMs > STATE_SETTLES_MS;
      states.set(name, isSettled ? service.state : "stopping");
    }
    if (nowMs - this.#reloadedMs < STATE_SETTLES_MS) return;
    const isChanging = this.#ownersOf(prefix).some(({ name }) => states.get(name) === "stopping");
    const expected = expectedOf(blueprint, prefix, (name) => states.get(name) ?? "stopping");
    if (expected === "any" || isChanging) return;
    this.#try("wire-is-state");
    for (const { peer, isUp, takes, isNamed, has } of this.#ribs(prefix)) {
      if (!isUp || !takes) continue;
      const wanted = expected === "absent" || !isNamed ? undefined : expected.attributes;
      if (has === wanted) continue;
      const words = `${peer} has ${prefix} ${has ?? "not"}, wanted ${wanted ?? "not"}`;
      this.#fail("wire-is-state", words);
    }
  }

  #having(prefix: string): string[] {
    return this.#ribs(prefix).flatMap(({ peer, has }) => (has === undefined ? [] : [peer]));
  }

  #ribs(prefix: string) {
    const named = this.#ownersOf(prefix)[0]?.neighbors;
    return this.#pop().exabgp.ribs.map((rib) => ({
      peer: rib.peer.address,
      isUp: rib.isUp,
      takes: rib.takes(prefix),
      isNamed: named?.includes(rib.peer.address) ?? true,
      has: rib.wire.get(prefix),
    }));
  }

  /** A reload that nobody forced takes at most half of what is announced. */
  #watchPlan(life: Life): void {
    const { state } = life;
    if (state === undefined) return;
    const { pop } = state.index.plan;
    const announced = [...state.routes].flatMap(([prefix, { told, owned }]) =>
      owned !== undefined && told !== "withdrawn" ? [prefix] : [],
    );
    if (this.#lastPlan !== "" && pop !== this.#lastPlan && !this.#forcedPops.has(pop)) {
      this.#try("mass-withdrawal");
      const now = new Set(announced);
      const gone = this.#lastAnnounced.filter((prefix) => !now.has(prefix));
      if (2 * gone.length > this.#lastAnnounced.length) {
        this.#fail("mass-withdrawal", `${gone.length} of ${this.#lastAnnounced.length} prefixes`);
      }
    }
    this.#lastPlan = pop;
    this.#lastAnnounced = announced;
  }

  /** Nothing happens, and all services are judged: another life has nothing to say. */
  #isAllWell(): boolean {
    const { world, targets, life } = this.#pop();
    const { state } = life ?? {};
    if (state === undefined || world.nowMs < this.#calm.equalFromMs) return false;
    if (this.#blueprint !== this.#pop().blueprints.get("pop1")) return false;
    if (!this.#forcedPops.has(state.index.plan.pop) || this.#reloadedMs > 0) return false;
    return (
      state.services.every(({ state: one }) => one === "up") &&
      this.#blueprint?.services.every(
        ({ name, checks }) =>
          !this.#orders.isPinned(name) &&
          this.#orders.drained(name, 0) === undefined &&
          world.nowMs - this.#orders.changedMs(name) > QUIET_MS &&
          checks.every(({ port }) => {
            const { mode, sinceMs } = targets.of(port);
            return mode === "passes" && world.nowMs - sinceMs > QUIET_MS;
          }),
      ) === true
    );
  }
}

/**
 * Until the first attempt that fails an interval passes, and whatever is under way when it begins; then a fast interval
 * for each other failure.
 */
function downBoundMs(
  { intervalMs, fastMs, timeoutMs, fall }: CheckBlueprint,
  { sinceMs, hungMs }: Target,
): number {
  const underWayMs = sinceMs - hungMs < 2 * timeoutMs ? timeoutMs : SLOW_MS;
  return intervalMs + underWayMs + (fall - 1) * fastMs + COMMAND_MS;
}

function prefixesOf({ services }: Blueprint): readonly string[] {
  return services.flatMap(({ prefixes }) => prefixes);
}
