/** An ExaBGP as it was measured to be: versions 4.2 and 5.0, seen from its child, its neighbors and its operator. */
import { readLine, type ReadLine } from "./exabgp-lines.ts";
import { NeighborRib, type Peer, type SentUpdate } from "./exabgp-rib.ts";
import {
  configurationText,
  echoText,
  listedText,
  SESSION_TEXT,
  summaryText,
} from "./exabgp-words.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export interface ExabgpSettings {
  readonly version: "4.2.21" | "4.2.25" | "5.0.13";
  readonly peers: readonly Peer[];
  readonly encoder: "json" | "text";
  /** `api { send { parsed; update; } }`. */
  readonly tellsUpdates: boolean;
  /** `api { neighbor-changes; }`. */
  readonly tellsSessions: boolean;
  /** Somebody else's route, or none. */
  readonly staticPrefix: string | undefined;
  readonly holdMs: number;
  /** `exabgp.api.ack`: without it, questions get their data and nothing else is answered. */
  readonly acks: boolean;
  /** As its unit has it; undefined: systemd does not watch it. */
  readonly watchdogMs: number | undefined;
}

/** The child as ExaBGP knows it. */
export interface Child {
  /** What is said to it arrives there, some time later. */
  hear(text: string): void;
  /** ExaBGP is gone. */
  end(): void;
}

/** What goes wrong now. Times are until when, on the world's clock. */
export interface Troubles {
  hangsUntilMs: number;
  slowUntilMs: number;
  /** Each answer is lost with this probability. */
  losesUntilMs: number;
  lossProbability: number;
  refusesUntilMs: number;
}

export interface Watcher {
  /** A line that no ExaBGP could make anything of. */
  malformed(line: string): void;
  routed(line: string, prefixes: readonly string[], answer: "done" | "error" | "lost"): void;
  /** @param had Whether the neighbor had a route before. */
  sent(update: SentUpdate, had: boolean): void;
  session(neighbor: string, isUp: boolean): void;
}

const PREFIXES_PER_TURN = 50;
const UPDATES_PER_TURN = 25;
const SESSION_UP_MIN_MS = 500;
const SESSION_UP_MAX_MS = 3000;
const LISTING_LINE_MS = 0.24;

export class SimulatedExabgp {
  readonly settings: ExabgpSettings;
  readonly ribs: readonly NeighborRib[];
  readonly troubles: Troubles = {
    hangsUntilMs: 0,
    slowUntilMs: 0,
    losesUntilMs: 0,
    lossProbability: 0,
    refusesUntilMs: 0,
  };
  isRunning = false;
  /** Counts its starts. */
  life = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #watcher: Watcher;
  #child: Child | undefined;
  /** What the child wrote and was not read; the last item is not ended by a newline. */
  #partial = "";
  #unread: string[] = [];
  #queue: ReadLine[] = [];
  #texts: string[] = [];
  /** For a child that is not there yet. */
  #unheard = "";
  #isTurnPlanned = false;
  #busyUntilMs = 0;
  /** What was heard last must not be overtaken. */
  #heardAtMs = 0;

  constructor(settings: ExabgpSettings, world: World, random: Random, watcher: Watcher) {
    this.settings = settings;
    this.#world = world;
    this.#random = random;
    this.#watcher = watcher;
    this.ribs = settings.peers.map((peer) => new NeighborRib(peer));
  }

  start(): void {
    this.isRunning = true;
    this.life += 1;
    this.#unread = [];
    this.#queue = [];
    this.#texts = [];
    this.#unheard = "";
    this.#partial = "";
    this.#busyUntilMs = 0;
    for (const rib of this.ribs) {
      rib.held.clear();
      rib.down();
      if (this.settings.staticPrefix !== undefined && rib.takes(this.settings.staticPrefix)) {
        rib.held.set(this.settings.staticPrefix, "next-hop self");
      }
      this.connect(rib);
    }
  }

  /** Dies without a word; its child reads the end of its input. */
  crash(): void {
    this.isRunning = false;
    for (const rib of this.ribs) this.#sessionDown(rib);
    this.#child?.end();
    this.#child = undefined;
  }

  /** The child that it has started; what was meant for the one before arrives there. */
  attach(child: Child): void {
    this.#child = child;
    const text = this.#unheard;
    this.#unheard = "";
    if (text !== "") this.#hear(text);
    // 5.0 forgets what is left of a line.
    if (!this.settings.version.startsWith("4")) this.#partial = "";
  }

  detach(): void {
    this.#child = undefined;
  }

  /** The child writes. */
  read(text: string): void {
    if (!this.isRunning) return;
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    this.#unread.push(...lines);
    this.#planTurn();
  }

  say(text: string): void {
    const { life } = this;
    // What hangs says nothing, until it goes on.
    if (this.isHung) {
      this.#world.after(this.troubles.hangsUntilMs - this.#world.nowMs, () => {
        if (life === this.life && this.isRunning) this.say(text);
      });
    } else if (this.#child === undefined) {
      this.#unheard += text;
    } else {
      this.#hear(text);
    }
  }

  /** So many answers that nobody asked for. */
  sayStale(count: number): void {
    // Without acknowledgements nobody was to have one.
    if (this.settings.acks) this.say("done\n".repeat(count));
  }

  /** Its session comes up after a while. */
  connect(
    rib: NeighborRib,
    delayMs = this.#random.int(SESSION_UP_MIN_MS, SESSION_UP_MAX_MS),
  ): void {
    const { life } = this;
    this.#world.after(delayMs, () => {
      if (life !== this.life || !this.isRunning || rib.isUp) return;
      if (this.isHung) return this.connect(rib, 1000);
      rib.up();
      this.#watcher.session(rib.peer.address, true);
      this.#tellSession(rib, "up");
      this.#planTurn();
    });
  }

  drop(rib: NeighborRib): void {
    if (rib.isUp) this.#sessionDown(rib);
  }

  get isHung(): boolean {
    return this.#world.nowMs < this.troubles.hangsUntilMs;
  }

  /** Somebody else tells it: by its own command line, or another process. */
  byOthers(text: string): void {
    const read = readLine(text);
    if (read.kind === "route" && this.isRunning) this.#apply(read.line);
    this.#planTurn();
  }

  #sessionDown(rib: NeighborRib): void {
    if (!rib.isUp) return;
    rib.down();
    this.#watcher.session(rib.peer.address, false);
    if (this.isRunning) this.#tellSession(rib, "down");
  }

  #tellSession(rib: NeighborRib, state: "up" | "down"): void {
    if (this.settings.tellsSessions) {
      this.say(SESSION_TEXT[this.settings.encoder](rib.peer.address, state));
    }
  }

  #hear(text: string): void {
    const child = this.#child;
    const atMs = Math.max(this.#heardAtMs, this.#world.nowMs + this.#random.int(0, 1));
    this.#heardAtMs = atMs;
    this.#world.after(atMs - this.#world.nowMs, () => {
      // What a dead child has not read is read by the next one.
      if (child === this.#child) child?.hear(text);
      else this.say(text);
    });
  }

  #planTurn(): void {
    if (this.#isTurnPlanned || !this.isRunning) return;
    this.#isTurnPlanned = true;
    const { life } = this;
    const { hangsUntilMs, slowUntilMs } = this.troubles;
    const nowMs = this.#world.nowMs;
    const turnMs = nowMs < slowUntilMs ? this.#random.int(300, 3000) : this.#random.int(1, 9);
    const fromMs = Math.max(hangsUntilMs, this.#busyUntilMs, nowMs);
    this.#world.after(fromMs - nowMs + turnMs, () => {
      this.#isTurnPlanned = false;
      if (life !== this.life || !this.isRunning) this.#planTurn();
      else if (this.isHung) this.#planTurn();
      else this.#turn();
    });
  }

  #turn(): void {
    for (const text of this.#unread) this.#take(text);
    this.#unread = [];
    let count = 0;
    while (this.#queue.length > 0 && count < PREFIXES_PER_TURN) {
      const [read] = this.#queue.splice(0, 1);
      const [text = ""] = this.#texts.splice(0, 1);
      if (read === undefined) break;
      count += read.kind === "route" ? read.line.prefixes.length : 1;
      this.#answer(read, text);
      if (this.#busyUntilMs > this.#world.nowMs) break;
    }
    for (const rib of this.ribs) {
      const before = new Set(rib.isPending ? rib.wire.keys() : []);
      for (const update of rib.send(UPDATES_PER_TURN)) {
        this.#watcher.sent(update, before.has(update.prefix));
        if (this.settings.tellsUpdates) this.say(echoText(update, this.settings.encoder));
      }
    }
    if (this.#queue.length > 0 || this.ribs.some(({ isPending }) => isPending)) this.#planTurn();
  }

  /** Comments and the version are answered at once, ahead of what waits. */
  #take(text: string): void {
    const read = readLine(text);
    if (read.kind === "comment") {
      this.#reply("done\n");
    } else if (read.kind === "version") {
      this.#reply(`exabgp ${this.settings.version}\ndone\n`);
    } else {
      this.#queue.push(read);
      this.#texts.push(text);
    }
  }

  #answer(read: ReadLine, text: string): void {
    switch (read.kind) {
      case "summary":
        this.#reply(`${summaryText(this.ribs, this.settings.version)}done\n`);
        break;
      case "configuration":
        this.#reply(`${configurationText(this.settings.peers)}done\n`);
        break;
      case "routes": {
        const listed = this.ribs.flatMap((rib) => listedText(rib, this.settings.version));
        this.#reply(`${listed.join("")}done\n`);
        this.#busyUntilMs = this.#world.nowMs + listed.length * LISTING_LINE_MS;
        if (this.#world.nowMs < this.troubles.slowUntilMs) this.#busyUntilMs += 2400;
        break;
      }
      case "route": {
        const { prefixes } = read.line;
        const isRefused = this.#world.nowMs < this.troubles.refusesUntilMs;
        const answer = !isRefused && this.#apply(read.line) ? "done" : "error";
        const isLost = !this.#reply(`${answer}\n`);
        this.#watcher.routed(text, prefixes, isLost ? "lost" : answer);
        break;
      }
      case "comment":
      case "version":
      case "malformed":
        if (!text.includes("#")) this.#watcher.malformed(text);
        if (!this.settings.version.startsWith("4")) this.#reply("error\n");
    }
  }

  /** @returns Whether there is a neighbor for it. */
  #apply({ verb, neighbors, prefixes, attributes }: Extract<ReadLine, { kind: "route" }>["line"]) {
    const ribs = this.ribs.filter(
      ({ peer }) => neighbors === undefined || neighbors.includes(peer.address),
    );
    for (const rib of ribs) {
      for (const prefix of prefixes) {
        if (!rib.takes(prefix)) continue;
        if (verb === "announce") rib.announce(prefix, attributes);
        else rib.withdraw(prefix, attributes);
      }
    }
    return ribs.length > 0;
  }

  /** @returns false when it is lost: all of it, or a line of it. */
  #reply(whole: string): boolean {
    const text = this.settings.acks ? whole : whole.replace(/(done|error)\n$/, "");
    const { losesUntilMs, lossProbability } = this.troubles;
    const isLost = this.#world.nowMs < losesUntilMs && this.#random.chance(lossProbability);
    if (!isLost) {
      if (text !== "") this.say(text);
      return true;
    }
    const lines = text.split("\n").slice(0, -1);
    if (lines.length === 1 || this.#random.chance(0.5)) return false;
    const at = this.#random.int(0, lines.length - 1);
    this.say(lines.flatMap((line, nth) => (nth === at ? [] : [`${line}\n`])).join(""));
    return false;
  }
}
