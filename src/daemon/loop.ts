/** Inputs into the core, actions out of it: to ExaBGP first, then to disk and the log. Decides nothing. */
import type { Bridge, Settlement } from "exabgp-ts-bridge";
import { step } from "../core/agent.ts";
import { CANARY_DECISION } from "../core/canary.ts";
import type { Flaps } from "../core/damping.ts";
import type {
  Action,
  CommandAnswer,
  Expiry,
  Input,
  Refusal,
  VerdictChange,
} from "../core/inputs.ts";
import { dueMs } from "../core/orders.ts";
import type { Command } from "../core/routes.ts";
import type { AgentState, Step } from "../core/state.ts";
import type { AuditDesk } from "./audit.ts";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import type { Meter } from "./metrics/meter.ts";
import type { OwnedFile } from "./owned.ts";
import { OwnedSaver } from "./owned-saver.ts";
import type { Problems } from "./problems.ts";

export interface LoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly bridge: Pick<Bridge, "announce" | "withdraw">;
  readonly audit: AuditDesk;
  readonly owned: OwnedFile;
  readonly problems: Problems;
  /** Counts what happens. */
  readonly meter?: Pick<Meter, "decided" | "settled">;
  /** A command of a self-test has ended. */
  readonly canary?: (settlement: Settlement) => void;
  /** Tells listeners what the audit record does not. */
  readonly events?: Pick<Events, "verdict">;
  /** Looks for a stall before time passes in the core, whatever the input: what ended in it did so unseen. */
  readonly look?: () => void;
  /** There is another plan; its commands are not written yet. */
  readonly planned?: (state: AgentState) => void;
  /** Prefixes were withdrawn or came back, or that was forgotten. */
  readonly flapped?: (history: Flaps) => void;
  /** The file of a drain or a pin that has ended by itself is to go. */
  readonly expired: (expiry: Expiry) => void;
}

/** The core is told of the time this often, and when an order ends or a drain enters its next stage. */
const TICK_MS = 1000;

/** Timers of Node.js hold at most 24.8 days, and fire at once beyond; an order may end next year. */
const DUE_MAX_MS = 24 * 3_600_000;

/**
 * What is done for all prefixes because of a few (a copy of the routes) rests so many times as long as it
 * took: with ten thousand it takes milliseconds, and their answers come 12 at a time.
 */
const REST = 25;

export class Loop {
  readonly #options: LoopOptions;
  readonly #owned: OwnedSaver;
  #state: AgentState;
  #cancelTick = () => {};
  #dueMs: number | undefined;
  #cancelDue = () => {};
  #answers: CommandAnswer[] = [];
  #answersRestMs = -Infinity;

  /** @param first What `startAgent` decided; its actions are carried out by `start`. */
  constructor(first: AgentState, options: LoopOptions) {
    this.#options = options;
    this.#state = first;
    const { clock, owned, problems } = options;
    const routes = () => this.#state.routes;
    this.#owned = new OwnedSaver({
      clock,
      owned,
      problems,
      routes,
      before: () => this.#takeAnswers(),
    });
  }

  get state(): AgentState {
    return this.#state;
  }

  start(actions: readonly Action[]): void {
    // Says at once whether it can be written, and the first announcement need not wait for code that never ran.
    this.#owned.now();
    this.#perform(actions);
    this.#tellFlaps();
    this.#tick();
  }

  /** @returns Why the input was refused, if it was. */
  dispatch(input: Input): Refusal | undefined {
    // A result cares for no answer, and there are many: the answers may rest.
    if (!["answers", "result", "event"].includes(input.type)) this.#takeAnswers();
    if (input.type !== "stalled") this.#options.look?.();
    const taken: Step = step(this.#state, input, this.#options.clock.nowMs());
    const { flaps, index } = this.#state;
    this.#state = taken.state;
    if (taken.state.index !== index) this.#options.planned?.(taken.state);
    this.#perform(taken.actions);
    if (taken.state.flaps !== flaps) this.#tellFlaps();
    this.#tickAt(dueMs(taken.state));
    return taken.actions.find((action) => action.type === "refused");
  }

  /** Resolves when owned.json knows all. */
  async stop(): Promise<void> {
    this.#cancelTick();
    this.#cancelDue();
    this.#takeAnswers();
    await this.#owned.last();
  }

  #tick(): void {
    this.dispatch({ type: "tick" });
    this.#owned.retry();
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  /** A tick of its own for what is due between two others. */
  #tickAt(atMs: number | undefined): void {
    if (atMs === this.#dueMs) return;
    this.#cancelDue();
    this.#dueMs = atMs;
    if (atMs === undefined) return;
    const { clock } = this.#options;
    // Timers fire up to a millisecond early: then it is set once more.
    this.#cancelDue = clock.after(Math.min(DUE_MAX_MS, Math.max(1, atMs - clock.nowMs())), () => {
      this.#dueMs = undefined;
      this.dispatch({ type: "tick" });
    });
  }

  #perform(actions: readonly Action[]): void {
    if (actions.length === 0) return;
    const commands = actions.filter(isCommand);
    const transitions = actions.filter((action) => action.type === "transition");
    const causedBy = byDecision(commands);
    for (const transition of transitions) {
      this.#options.audit.decided(transition, causedBy.get(transition.decision) ?? []);
      this.#options.meter?.decided(transition);
    }
    for (const report of actions.filter((action) => action.type === "drift")) {
      this.#options.audit.drifted(report, causedBy.get(report.decision) ?? []);
    }
    // A service of two prefixes does not wait for one of ten thousand that is decided about with it.
    const ordered = [...causedBy.values()].toSorted((a, b) => a.length - b.length).flat();
    const withdrawals = ordered.filter(({ type }) => type === "withdraw");
    for (const command of withdrawals) this.#send(command);
    // The next life must not take for announced what was withdrawn a moment before.
    if (withdrawals.length > 0) this.#owned.soon();
    const announcements = ordered.filter(({ type }) => type === "announce");
    // The file must know of a route before ExaBGP does; a withdrawal does not wait for a disk.
    if (announcements.length > 0) this.#owned.now();
    for (const command of announcements) this.#send(command);
    // The bridge writes in the next microtask, and this comes behind it: routes before logs.
    queueMicrotask(() => {
      for (const action of actions) {
        if (action.type === "verdict") {
          this.#logVerdict(action);
          this.#options.events?.verdict(action);
        }
        if (action.type === "expired") this.#options.expired(action);
      }
    });
  }

  /** Behind the lines themselves: a withdrawal does not wait for a disk. */
  #tellFlaps(): void {
    queueMicrotask(() => this.#options.flapped?.(this.#state.flaps));
  }

  #send(command: Command): void {
    const settled = (settlement: Settlement) => this.#settled(command, settlement);
    if (command.type === "announce") this.#options.bridge.announce(command.route, settled);
    else this.#options.bridge.withdraw(command.route, settled);
  }

  #settled({ route, change, decision, type }: Command, settlement: Settlement): void {
    const { outcome, line, ackMs, detail } = settlement;
    const { audit, log } = this.#options;
    audit.answered(decision, settlement);
    if (decision === CANARY_DECISION) this.#options.canary?.(settlement);
    this.#options.meter?.settled(settlement);
    // Superseded: a newer change of this prefix is on its way. Closed: ExaBGP is gone, and so are we.
    if (outcome === "superseded" || outcome === "closed") return;
    const done = outcome === "done" || outcome === "unconfirmed";
    const failures = this.#state.routes.get(route.prefix)?.failures ?? 0;
    // Once: it is repeated until it is taken.
    if (!done && failures === 0)
      log.error({ prefix: route.prefix, line, outcome, ackMs, detail }, "command failed");
    else if (done && failures > 0) log.info({ line, failures }, "command taken at last");
    else log.debug({ line, outcome, ackMs, failures, detail }, "command answered");
    if (done && decision === undefined) {
      audit.repeated(route.prefix, this.#serviceOf(route.prefix), settlement);
    }
    // Without a time to the answer it is the bridge that refused it.
    const refused = outcome === "error" && ackMs !== undefined;
    this.#answers.push({ prefix: route.prefix, change, done, refused });
    if (this.#answers.length === 1) this.#takeAnswersSoon();
    if (type === "withdraw") this.#owned.soon();
  }

  /** Those of one chunk together: each step copies the routes. */
  #takeAnswersSoon(): void {
    const { clock } = this.#options;
    const restMs = this.#answersRestMs - clock.nowMs();
    if (restMs > 0) clock.after(restMs, () => this.#takeAnswers());
    else queueMicrotask(() => this.#takeAnswers());
  }

  #takeAnswers(): void {
    if (this.#answers.length === 0) return;
    const answers = this.#answers;
    this.#answers = [];
    const { clock } = this.#options;
    const beganMs = clock.nowMs();
    this.dispatch({ type: "answers", answers });
    const endedMs = clock.nowMs();
    this.#answersRestMs = endedMs + REST * (endedMs - beganMs);
  }

  #serviceOf(prefix: string): string | undefined {
    const { plan, prefixes, prefixAt } = this.#state.index;
    const [first = -1] = prefixes[prefixAt.get(prefix) ?? -1]?.services ?? [];
    return plan.services[first]?.name;
  }

  #logVerdict({ check, from, to, result }: VerdictChange): void {
    const { reason, detail } = result;
    this.#options.log.info({ check, from, to, reason, detail }, "verdict changed");
  }
}

/** A reload may bring about a thousand decisions and ten thousand commands. */
function byDecision(commands: readonly Command[]): ReadonlyMap<number | undefined, Command[]> {
  const groups = new Map<number | undefined, Command[]>();
  for (const command of commands) {
    const group = groups.get(command.decision);
    if (group === undefined) groups.set(command.decision, [command]);
    else group.push(command);
  }
  return groups;
}

function isCommand(action: Action): action is Command {
  return action.type === "announce" || action.type === "withdraw";
}
