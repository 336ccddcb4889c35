/** A whole simulated PoP: host, services, operators, ExaBGP with its neighbors, and one life of the agent after another. */
import type { Draft } from "../../src/daemon/open-decisions.ts";
import type { OrderFile } from "../../src/daemon/order-file.ts";
import { Life, SOCKET_PATH, STATE_DIR } from "./agent.ts";
import { type Blueprint, configText, designPop } from "./blueprint.ts";
import { Configurations } from "./configurations.ts";
import { Host, OPERATOR_UID } from "./disk.ts";
import { SimulatedExabgp } from "./exabgp.ts";
import type { SentUpdate } from "./exabgp-rib.ts";
import type { Happening } from "./happenings.ts";
import { Random } from "./random.ts";
import { Targets } from "./targets.ts";
import { World } from "./world.ts";

/** Told of all that can be seen from outside, and may look at the rest. */
export interface Witness {
  happened(happening: Happening): void;
  began(life: Life): void;
  wrote(life: Life, line: string): void;
  recorded(draft: Draft): void;
  sent(update: SentUpdate, had: boolean): void;
  routed(line: string, prefixes: readonly string[], answer: string): void;
  malformed(line: string): void;
  session(neighbor: string, isUp: boolean): void;
  saw(life: Life, port: number, outcome: string, begunMs: number): void;
  /** systemd had no ping for too long. */
  restarted(): void;
  /** A second has passed. */
  looked(): void;
}

const RESPAWN_MIN_MS = 20;
const RESPAWN_MAX_MS = 400;
const LOOK_MS = 1000;

/** systemd's own look at its watchdogs, and what a start takes. */
const SYSTEMD_LOOK_MS = 250;
const RESTART_MS = 1700;

const DRAINS = `${STATE_DIR}/drains`;
const PINS = `${STATE_DIR}/pins`;
const TRANSIENT = SOCKET_PATH.replace(/[^/]*$/, "drains");

export class Pop {
  readonly world = new World();
  readonly host = new Host();
  readonly targets: Targets;
  readonly exabgp: SimulatedExabgp;
  /** By the name that each gives the PoP. */
  readonly blueprints = new Map<string, Blueprint>();
  life: Life | undefined;
  readonly #configurations: Configurations;
  readonly #random: Random;
  readonly #witness: Witness;
  #pingedMs = 0;
  #killPart: 0 | 0.5 | 1 | undefined;

  constructor(seed: number, witness: Witness) {
    const { blueprint, exabgp } = designPop(seed);
    this.#witness = witness;
    this.#random = new Random(seed, "pop");
    this.#configurations = new Configurations(configText(blueprint));
    this.blueprints.set(blueprint.pop, blueprint);
    this.targets = new Targets(this.world, new Random(seed, "targets"));
    this.exabgp = new SimulatedExabgp(exabgp, this.world, new Random(seed, "exabgp"), {
      malformed: (line) => witness.malformed(line),
      routed: (...routed) => witness.routed(...routed),
      sent: (update, had) => witness.sent(update, had),
      session: (...session) => witness.session(...session),
    });
  }

  async run(
    happenings: readonly Happening[],
    durationMs: number,
    isOver: () => boolean,
  ): Promise<void> {
    for (const happening of happenings) {
      this.world.after(happening.atMs, () => {
        this.#witness.happened(happening);
        this.#happen(happening);
      });
    }
    this.#start();
    this.#look();
    this.#watch();
    await this.world.run(durationMs, isOver);
    if (this.life !== undefined) this.life.isDead = true;
  }

  #look(): void {
    this.world.after(LOOK_MS, () => {
      this.#witness.looked();
      this.#look();
    });
  }

  #start(): void {
    this.exabgp.start();
    this.#pingedMs = this.world.nowMs;
    // What is left of an agent that stands still has yet to see the end of its input.
    if (this.life === undefined) this.#begin();
  }

  /** systemd's watchdog: it ends everything in the unit, and starts it anew. */
  #watch(): void {
    this.world.after(SYSTEMD_LOOK_MS, () => {
      const { watchdogMs } = this.exabgp.settings;
      const isLate = this.world.nowMs - this.#pingedMs > (watchdogMs ?? Infinity);
      if (isLate && this.exabgp.isRunning) {
        this.#witness.restarted();
        if (this.life !== undefined) this.life.isDead = true;
        this.life = undefined;
        this.exabgp.crash();
        this.exabgp.troubles.hangsUntilMs = 0;
        this.world.after(RESTART_MS, () => {
          if (!this.exabgp.isRunning) this.#start();
        });
      }
      this.#watch();
    });
  }

  #begin(): void {
    if (!this.exabgp.isRunning) return;
    const life = new Life({
      world: this.world,
      host: this.host,
      configurations: this.#configurations,
      makers: (being) => this.targets.makersFor(being, (...saw) => this.#witness.saw(life, ...saw)),
      exabgpLife: this.#exabgpLife,
      wrote: (writer, line) => this.#write(writer, line),
      recorded: (draft) => this.#witness.recorded(draft),
      watchdogMs: this.exabgp.settings.watchdogMs,
      pinged: (pinging) => {
        if (pinging.exabgpLife === this.#exabgpLife) this.#pingedMs = this.world.nowMs;
      },
      ended: (ended) => this.#ended(ended),
    });
    this.life = life;
    this.#witness.began(life);
    this.exabgp.attach({ hear: (text) => life.hear(text), end: () => life.inputEnds() });
  }

  get #exabgpLife(): string {
    return `life ${this.exabgp.life}`;
  }

  #write(life: Life, line: string): void {
    // The pipe of an earlier ExaBGP has no reader.
    if (life.exabgpLife !== this.#exabgpLife) return;
    if (this.#killPart === undefined) {
      this.#witness.wrote(life, line);
      this.exabgp.read(`${line}\n`);
      return;
    }
    const part = this.#killPart;
    this.#killPart = undefined;
    if (part === 1) this.#witness.wrote(life, line);
    this.exabgp.read(`${line}\n`.slice(0, Math.floor((line.length + 1) * part)));
    this.#kill();
  }

  #kill(): void {
    const { life } = this;
    if (life === undefined || life.isDead) return;
    life.kill();
    this.#ended(life);
  }

  /** ExaBGP starts another one. */
  #ended(life: Life): void {
    if (this.life !== life) return;
    this.life = undefined;
    this.exabgp.detach();
    this.#respawn(this.#random.int(RESPAWN_MIN_MS, RESPAWN_MAX_MS));
  }

  #respawn(delayMs: number): void {
    this.world.after(delayMs, () => {
      if (this.life !== undefined) return;
      // What hangs starts nobody.
      if (this.exabgp.isHung)
        this.#respawn(this.exabgp.troubles.hangsUntilMs - this.world.nowMs + 1);
      else this.#begin();
    });
  }

  #happen(happening: Happening): void {
    const { world, exabgp, host } = this;
    const { troubles } = exabgp;
    switch (happening.kind) {
      case "target":
        return this.targets.set(happening.port, happening.mode);
      case "rattle":
        return this.targets.rattle(happening.port);
      case "drain":
        return this.#drain(happening);
      case "undrain": {
        const { service, how, clearsHold } = happening;
        if (how === "remove") return this.#put(DRAINS, service, undefined);
        const end = { undrain: true, reason: "done", ...(clearsHold && { clearHold: true }) };
        if (clearsHold || host.folder(DRAINS).has(service)) {
          this.#put(DRAINS, service, JSON.stringify(end));
        }
        return this.#put(TRANSIENT, service, undefined);
      }
      case "pin": {
        const until = new Date(world.wallMs + happening.forMs).toISOString();
        const since = new Date(world.wallMs).toISOString();
        const text = JSON.stringify({ reason: "CHG-2", since, until });
        return this.#put(PINS, happening.service, text);
      }
      case "unpin":
        return this.#put(PINS, happening.service, undefined);
      case "reload": {
        const { blueprint, force } = happening;
        if (blueprint !== "invalid") this.blueprints.set(blueprint.pop, blueprint);
        this.#configurations.write(blueprint === "invalid" ? "services: [" : configText(blueprint));
        this.life?.reload(force);
        return;
      }
      case "kill":
        return this.#kill();
      case "kill-writing":
        this.#killPart = happening.part;
        return;
      case "terminate":
        this.life?.terminate();
        return;
      case "stall":
        this.life?.stall(happening.ms);
        return;
      case "exabgp-crash":
        exabgp.crash();
        world.after(happening.downMs, () => {
          if (!exabgp.isRunning) this.#start();
        });
        return;
      case "hang":
        troubles.hangsUntilMs = world.nowMs + happening.ms;
        return this.#loseSessions(happening.ms);
      case "slow":
        troubles.slowUntilMs = world.nowMs + happening.ms;
        return;
      case "refuse":
        troubles.refusesUntilMs = world.nowMs + happening.ms;
        return;
      case "lose":
        troubles.losesUntilMs = world.nowMs + happening.ms;
        troubles.lossProbability = happening.probability;
        return;
      case "stale":
        return exabgp.isRunning ? exabgp.sayStale(happening.count) : undefined;
      case "session": {
        const rib = exabgp.ribs.find(({ peer }) => peer.address === happening.neighbor);
        if (rib === undefined || !exabgp.isRunning) return;
        exabgp.drop(rib);
        return exabgp.connect(rib, happening.downMs);
      }
      case "others":
        return exabgp.byOthers(happening.line);
      case "disk-full":
        host.isFull = true;
        world.after(happening.ms, () => (host.isFull = false));
        return;
      case "wall-step":
        world.wallStepMs += happening.ms;
    }
  }

  /** Keepalives stop too; the neighbors wait for the hold time. */
  #loseSessions(hungMs: number): void {
    const { holdMs } = this.exabgp.settings;
    if (hungMs < holdMs) return;
    const { life } = this.exabgp;
    this.world.after(holdMs, () => {
      if (life !== this.exabgp.life || !this.exabgp.isRunning) return;
      for (const rib of this.exabgp.ribs) {
        this.exabgp.drop(rib);
        this.exabgp.connect(rib, hungMs - holdMs + 2000);
      }
    });
  }

  #drain({ service, how, gracefulMs, forMs, transient }: Extract<Happening, { kind: "drain" }>) {
    const { wallMs } = this.world;
    const order = {
      reason: "CHG-1",
      since: new Date(wallMs).toISOString(),
      ...(forMs !== undefined && { until: new Date(wallMs + forMs).toISOString() }),
      ...(gracefulMs !== undefined && { graceful: `${gracefulMs}ms` }),
    };
    const texts = { order: JSON.stringify(order), touch: "", garbage: "\u0000{\n" };
    this.#put(transient ? TRANSIENT : DRAINS, service, texts[how]);
  }

  #put(folder: string, name: string, text: string | undefined): void {
    const changedMs = this.world.wallMs;
    const file: OrderFile | undefined =
      text === undefined
        ? undefined
        : { uid: OPERATOR_UID, text, problem: undefined, changedMs, stamp: "" };
    if (file === undefined) this.host.folder(folder).delete(name);
    else this.host.folder(folder).set(name, file);
    this.life?.ordersChanged(folder);
  }
}
