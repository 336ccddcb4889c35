/** Talks to the ExaBGP that runs this process: queues changes, writes them, says how each ended. */
import type { BridgeHandlers, BridgeOptions, BridgeStatus, ProblemWord } from "./bridge-types.ts";
import { AllListings } from "./all-listings.ts";
import { Calls } from "./calls.ts";
import { Commands } from "./commands.ts";
import { decodeLine } from "./decode.ts";
import type { AnswerLine } from "./decode.ts";
import { greeting } from "./grammar.ts";
import type { Verb } from "./lanes.ts";
import { LineReader } from "./line-reader.ts";
import type { NeighborsListed } from "./listed-neighbor.ts";
import type { Listed } from "./listed-route.ts";
import { Pairing, type Flight } from "./pairing.ts";
import { ProblemLimiter } from "./problems.ts";
import { Questions } from "./questions.ts";
import { rehearseOnce } from "./rehearsal.ts";
import { normalizeRoute } from "./route.ts";
import type { Route } from "./route.ts";
import { unwritten, type Settled } from "./settlement.ts";
import { neighborsListing, routesListing } from "./subjects.ts";

/** ExaBGP answers within 10 ms; a listing of 10,000 routes ahead of us takes it 2.4 s. */
const ACK_TIMEOUT_MS = 5000;

/**
 * One per process. Construct, `start()` at once, then `announce` and `withdraw` at any time: what cannot
 * be written yet is queued, and the last change of a prefix wins.
 */
export class Bridge {
  readonly #options: BridgeOptions;
  readonly #handlers: BridgeHandlers;
  readonly #greeting: string;
  readonly #reader: LineReader;
  readonly #pairing = new Pairing();
  readonly #listings: AllListings;
  readonly #questions: Questions;
  readonly #commands: Commands;
  readonly #problems: ProblemLimiter;
  #life: "new" | "open" | "closed" = "new";
  #lastHeardAtMs: number | undefined;
  #linesDropped = 0;
  /** What 6.0 says before the bare `error`. */
  #errorText = "";
  readonly #calls = new Calls();
  #isTurnPlanned = false;

  /** @throws {RangeError} If `nonce` could be anything but a comment. */
  constructor(options: BridgeOptions, handlers: BridgeHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#greeting = greeting(options.nonce);
    const ackTimeoutMs = options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
    this.#problems = new ProblemLimiter(options.timers, ackTimeoutMs);
    this.#reader = new LineReader({
      line: (text) => this.#onLine(text),
      dropped: () => this.#onDropped(),
    });
    const shared = {
      timers: options.timers,
      answerTimeoutMs: ackTimeoutMs,
      pairing: this.#pairing,
      write: (line: string) => this.#write(line),
      lost: (flights: readonly Flight[]) => this.#commands.expire(flights),
      problem: (word: ProblemWord, detail: string) => this.#problem(word, detail),
      ticked: () => this.#turn(),
    };
    this.#listings = new AllListings({
      ...shared,
      questions: () => this.#questions,
      tell: (call) => this.#calls.push(call),
    });
    this.#questions = new Questions({
      ...shared,
      dialect: options.dialect,
      listings: this.#listings,
      ready: (identity) => this.#calls.push(() => handlers.ready(identity)),
      session: (event) => this.#calls.push(() => handlers.session(event)),
    });
    this.#commands = new Commands({
      ...shared,
      ackTimeoutMs,
      questions: this.#questions,
      settle: (settled, settlement) => this.#calls.push(() => settled(settlement)),
    });
  }

  /** Reads the input from now on, writes the first bytes and asks for the version. */
  start(): void {
    if (this.#life !== "new") return;
    this.#life = "open";
    const { input } = this.#options;
    // Read for ever, also when nothing is made of it any more: an unread pipe freezes ExaBGP.
    input.on("data", (chunk: Buffer | string) => this.#onChunk(chunk));
    input.on("error", (error: Error) => this.#onInputEnd(error));
    for (const end of ["end", "close"]) input.once(end, () => this.#onInputEnd());
    this.#write(this.#greeting);
    this.#questions.askVersion();
    // While ExaBGP thinks of its answer.
    rehearseOnce((options, handlers) => new Bridge(options, handlers));
    this.#turn();
  }

  /**
   * Announces `route` in place of what its prefix had before. `settled` is called exactly once, never
   * before this returns.
   *
   * @throws {RouteError} If anything in `route` is outside the closed grammar.
   */
  announce(route: Route, settled: Settled): void {
    this.#request("announce", route, settled);
  }

  /**
   * Withdraws the prefix of `route`. What is written carries the attributes of the last announcement that this
   * process wrote for the prefix and ExaBGP did not refuse, whatever `route` says: only then does ExaBGP keep
   * announcements and withdrawals of a prefix in order. Those of `route` are for a prefix that an earlier
   * process announced: give them as announced. It is withdrawn at the neighbors of `route`, and nowhere else: others
   * that have it keep it. `settled` as for `announce`; its `line` is what was written.
   *
   * @throws {RouteError} If anything in `route` is outside the closed grammar.
   */
  withdraw(route: Route, settled: Settled): void {
    this.#request("withdraw", route, settled);
  }

  /**
   * Asks which routes ExaBGP holds, as soon as answers can be paired. `listed` is called exactly once, never before
   * this returns. One question is on its way at a time; a call meanwhile joins the next. What is written behind it
   * is answered behind it: ExaBGP 4.2.21 needs 2.4 s for 10,000 routes.
   */
  listRoutes(listed: Listed): void {
    this.#listings.routes.request((listing) => listed(routesListing(listing)));
    this.#afterRequest();
  }

  /**
   * Asks which neighbors ExaBGP is configured with that get what this process announces. All else is as for
   * `listRoutes`.
   */
  listNeighbors(listed: NeighborsListed): void {
    this.#listings.neighbors.request((listing) => listed(neighborsListing(listing)));
    this.#afterRequest();
  }

  /** Asks for the state of all sessions now; what has changed is told to `session`. Nothing waits for the answer. */
  listSessions(): void {
    if (this.#life === "open") this.#questions.listSessions();
  }

  /** Sees to it that ExaBGP has something to answer: `lastHeardAtMs` then tells whether it does. Nothing waits for it. */
  ping(): void {
    if (this.#life === "open") this.#questions.ping();
  }

  status(): BridgeStatus {
    return {
      phase: this.#life === "open" ? this.#questions.phase : this.#life,
      identity: this.#questions.identity,
      acks: this.#questions.acks,
      queued: this.#commands.queued,
      inFlight: this.#pairing.inFlight("announce") + this.#pairing.inFlight("withdraw"),
      unreadBytes: this.#pairing.unreadBytes,
      sessions: new Map(this.#questions.sessions),
      lastHeardAtMs: this.#lastHeardAtMs,
      linesDropped: this.#linesDropped,
    };
  }

  /** Settles everything as `closed`, then calls no handler any more. The input is still read, and thrown away. */
  stop(): void {
    this.#close("The bridge was stopped");
    this.#planTurn();
  }

  #afterRequest(): void {
    if (this.#life === "closed") this.#listings.close();
    this.#planTurn();
  }

  #request(verb: Verb, route: Route, settled: Settled): void {
    const change = { verb, route: normalizeRoute(route), settled };
    if (this.#life === "closed") {
      this.#calls.push(() =>
        settled(unwritten("closed", "ExaBGP is gone or the bridge was stopped")),
      );
    } else {
      this.#commands.request(change);
    }
    this.#planTurn();
  }

  /** One microtask later, so that all changes of one turn are coalesced and withdrawals go first. */
  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    queueMicrotask(() => {
      this.#isTurnPlanned = false;
      this.#turn();
    });
  }

  /** Writes what may be written, then tells the owner what happened. */
  #turn(): void {
    if (this.#life === "open") {
      this.#commands.pump();
      this.#listings.pump();
    }
    // A call that throws must not take the others with it, nor leave them until something else happens.
    this.#calls.run(() => this.#planTurn());
  }

  #write(line: string): boolean {
    try {
      this.#options.output(line);
      return true;
    } catch (error) {
      this.#problem("output-failed", error instanceof Error ? error.message : "unknown error");
      return false;
    }
  }

  #onChunk(chunk: Buffer | string): void {
    if (this.#life === "closed") return;
    this.#lastHeardAtMs = this.#options.timers.nowMs();
    this.#questions.onSign();
    this.#reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    this.#turn();
  }

  #onLine(text: string): void {
    const line = decodeLine(text);
    switch (line.kind) {
      case "empty":
      case "event":
      case "notification":
        return;
      case "session":
        this.#questions.onSession(line);
        return;
      case "update":
        this.#calls.push(() => this.#handlers.update(line));
        return;
      case "shutdown":
        this.#problem("exabgp-stops", "ExaBGP said that it shuts down");
        return;
      case "malformed":
        this.#problem("malformed-line", line.detail);
        return;
      case "done":
      case "error":
      case "text":
      case "json":
        this.#onAnswer(line, text);
        return;
    }
  }

  #onAnswer(line: AnswerLine, text: string): void {
    if (line.kind === "error" && line.text !== undefined) {
      this.#errorText = line.text;
      return;
    }
    const flight = this.#questions.onAnswer(line, text);
    if (line.kind === "text" || line.kind === "json") return;
    if (flight !== undefined) {
      this.#commands.land(flight, line.kind, line.kind === "error" ? this.#errorText : "");
    }
    this.#errorText = "";
  }

  #onDropped(): void {
    this.#linesDropped += 1;
    this.#listings.onDropped();
    this.#problem("line-dropped", "A line was longer than any that ExaBGP writes");
  }

  #problem(word: ProblemWord, detail: string): void {
    const problem = this.#problems.admit(word, detail);
    if (problem !== undefined) this.#calls.push(() => this.#handlers.problem(problem));
  }

  #onInputEnd(error?: Error): void {
    if (this.#life === "closed") return;
    if (error !== undefined) this.#problem("input-failed", error.message);
    this.#close("ExaBGP is gone");
    this.#calls.push(() => this.#handlers.inputEnd());
    this.#turn();
  }

  #close(detail: string): void {
    if (this.#life === "closed") return;
    this.#life = "closed";
    this.#questions.close();
    this.#listings.close();
    this.#commands.close(detail);
  }
}
