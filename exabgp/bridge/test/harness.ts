/** A bridge whose ExaBGP is the test: it reads the lines and says what it likes. */
import { Readable } from "node:stream";
import { Bridge } from "../src/index.ts";
import type { BridgeOptions, Problem, Route, SessionEvent, Settlement } from "../src/index.ts";
import { FakeTimers } from "./fake-timers.ts";

export const HEADER_LINE = "Peer            AS        up/down state       |     #sent     #recvd\n";

/** Delivers what is said at once, so that a test needs no waiting. */
class SpokenInput extends Readable {
  override _read(): void {}
}

export class Harness {
  readonly timers = new FakeTimers();
  readonly input = new SpokenInput();
  /** Every line, in order. */
  readonly lines: string[] = [];
  /** `ready`, `session 192.0.2.1 up`, `problem no-answer`, ... in order. */
  readonly events: string[] = [];
  readonly problems: Problem[] = [];
  readonly sessions: SessionEvent[] = [];
  readonly settlements: { readonly name: string; readonly settlement: Settlement }[] = [];
  readonly bridge: Bridge;
  #read = 0;

  constructor(options: Partial<BridgeOptions> = {}) {
    const { input, timers, lines, events } = this;
    this.bridge = new Bridge(
      {
        input,
        output: (line) => void lines.push(line),
        timers,
        nonce: "ab",
        dialect: "auto",
        ...options,
      },
      {
        ready: ({ version, dialect }) => void events.push(`ready ${version} ${dialect}`),
        session: (event) => {
          this.sessions.push(event);
          events.push(`session ${event.neighbor} ${event.state}`);
        },
        update: (event) => void events.push(`update ${event.neighbor}`),
        inputEnd: () => void events.push("inputEnd"),
        problem: (problem) => {
          this.problems.push(problem);
          events.push(`problem ${problem.word}`);
        },
      },
    );
  }

  /** Starts, and answers the questions as 4.2 does. */
  async startReady(): Promise<void> {
    this.bridge.start();
    this.say("done\nexabgp 4.2.21\ndone\n");
    this.say(`${HEADER_LINE}done\n`);
    await this.settle();
    this.written();
  }

  say(text: string): void {
    this.input.emit("data", Buffer.from(text));
  }

  /** Lines since the last call. */
  written(): string[] {
    const fresh = this.lines.slice(this.#read);
    this.#read = this.lines.length;
    return fresh;
  }

  /** Lets planned work happen; no time passes. */
  async settle(): Promise<void> {
    await Promise.resolve();
    await Promise.resolve();
  }

  async announce(name: string, route: Route): Promise<void> {
    this.bridge.announce(route, (settlement) => this.settlements.push({ name, settlement }));
    await this.settle();
  }

  async withdraw(name: string, route: Route): Promise<void> {
    this.bridge.withdraw(route, (settlement) => this.settlements.push({ name, settlement }));
    await this.settle();
  }

  /** `name outcome`, in order. */
  get outcomes(): string[] {
    return this.settlements.map(({ name, settlement }) => `${name} ${settlement.outcome}`);
  }
}
