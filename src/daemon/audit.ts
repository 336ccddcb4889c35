/** Audit records: one per decision, complete when ExaBGP has answered its commands. */
import { encodeAnnounce, encodeWithdraw, type Settlement } from "exabgp-ts-bridge";
import type { AuditRecord } from "../control/audit-record.ts";
import type { DriftReport, Transition } from "../core/inputs.ts";
import type { Command } from "../core/routes.ts";
import type { Clock } from "./clock.ts";
import { driftFields } from "./drift-record.ts";
import type { Draft } from "./open-decisions.ts";
import { Repeats } from "./repeats.ts";
import { answersOf, greatest, round } from "./settlements.ts";

/** What a record says whatever was decided. */
export interface AuditOrigin {
  readonly pop: string;
  readonly boot: string;
  readonly agent: string;
}

/** Where finished records go; numbers them. */
export type AuditSink = (record: Draft, timing: AuditTiming) => void;

/** What a record says that is no decision about a service's state. */
export type Occurrence = Pick<AuditRecord, "reason" | "actor"> &
  Partial<
    Pick<
      AuditRecord,
      | "service"
      | "from"
      | "to"
      | "note"
      | "neighbor"
      | "evidence"
      | "prefixes"
      | "commands"
      | "ack"
      | "ackMs"
      | "configFrom"
      | "configTo"
    >
  >;

/** What logs and benchmarks want to know beside the record. */
export interface AuditTiming {
  /** From the decision to the last line written; undefined when none was. */
  readonly writeMs: number | undefined;
}

interface Pending {
  readonly draft: Draft;
  readonly decidedMs: number;
  /** What it caused. */
  readonly commands: readonly Command[];
  readonly settled: Settlement[];
  /** The lines as they were expected, made when they are asked for. */
  lines?: readonly string[];
}

/** Collects the answers to a decision's commands, and hands the record over when the last one is there. */
export class AuditDesk {
  readonly #clock: Clock;
  readonly #sink: AuditSink;
  readonly #pending = new Map<number, Pending>();
  readonly #repeats: Repeats;
  readonly #keep: (drafts: () => readonly Draft[]) => void;
  #origin: AuditOrigin;

  /** @param keep Told whenever other decisions wait for answers: should the agent die, `recover` gets them. */
  constructor(
    clock: Clock,
    origin: AuditOrigin,
    sink: AuditSink,
    keep: (drafts: () => readonly Draft[]) => void = () => {},
  ) {
    this.#clock = clock;
    this.#origin = origin;
    this.#sink = sink;
    this.#keep = keep;
    this.#repeats = new Repeats(clock, (fields) => this.occurred(fields));
  }

  /** A reload may give the PoP another name. */
  rename(pop: string): void {
    this.#origin = { ...this.#origin, pop };
  }

  /** Decisions that an earlier life of the agent did not see answered: nobody knows what became of their commands. */
  recover(drafts: readonly Draft[]): void {
    for (const draft of drafts) this.#sink({ ...draft, ack: "timeout" }, { writeMs: undefined });
    if (drafts.length > 0) this.#keep(() => this.#openDrafts());
  }

  /** @param commands What the decision caused. */
  decided(transition: Transition, commands: readonly Command[]): void {
    const { service, from, to, reason, actor, note, check, evidence, prefixes } = transition;
    const { detectMs, heldUntilMs } = transition;
    const until = heldUntilMs === undefined ? transition.until : this.#dateOf(heldUntilMs);
    const pending: Pending = {
      draft: {
        ...this.#head(),
        service,
        from,
        to,
        reason,
        actor,
        prefixes,
        commands: [],
        ...(note === "" ? {} : { note }),
        ...(until === undefined ? {} : { until }),
        ...(check === "" ? {} : { check }),
        ...(evidence && { evidence: `${evidence.reason}: ${evidence.detail}` }),
        ...(detectMs === undefined ? {} : { detectMs: round(detectMs) }),
      },
      decidedMs: this.#clock.nowMs(),
      commands,
      settled: [],
    };
    this.#open(transition.decision, pending);
  }

  /** @param commands What mends it. */
  drifted(report: DriftReport, commands: readonly Command[]): void {
    const draft = { ...this.#head(), commands: [], ...driftFields(report, commands) };
    const decidedMs = this.#clock.nowMs();
    this.#open(report.decision, { draft, decidedMs, commands, settled: [] });
  }

  #open(decision: number, pending: Pending): void {
    if (pending.commands.length === 0) return this.#finish(pending);
    this.#pending.set(decision, pending);
    this.#keep(() => this.#openDrafts());
  }

  /** A record of what is about the whole PoP: no command belongs to it. */
  occurred(fields: Occurrence): void {
    const draft = { ...this.#head(), prefixes: [], commands: [], ...fields };
    this.#sink(draft, { writeMs: undefined });
  }

  answered(decision: number | undefined, settlement: Settlement): void {
    const pending = this.#pending.get(decision ?? -1);
    if (pending === undefined) return;
    pending.settled.push(settlement);
    if (pending.settled.length < pending.commands.length) return;
    this.#pending.delete(decision ?? -1);
    this.#finish(pending);
    this.#keep(() => this.#openDrafts());
  }

  /** ExaBGP has taken a command that it had refused or not answered. @param service The first that names `prefix`. */
  repeated(prefix: string, service: string | undefined, settlement: Settlement): void {
    this.#repeats.add(prefix, service, settlement);
  }

  /** Hands over what still waits for answers, as it is: before exit. */
  flush(): void {
    this.#repeats.flush();
    for (const pending of this.#pending.values()) this.#finish(pending);
    this.#pending.clear();
    this.#keep(() => []);
  }

  /** With the lines that were to be written, as far as that can be told before they are. */
  #openDrafts(): Draft[] {
    return [...this.#pending.values()].map((pending) => {
      // Once: other decisions come and go while ten thousand lines are written.
      pending.lines ??= pending.commands.map(({ type, route }) =>
        type === "announce" ? encodeAnnounce(route) : encodeWithdraw(route),
      );
      return { ...pending.draft, commands: pending.lines };
    });
  }

  /** @param atMs On the monotonic clock. @returns RFC 3339. */
  #dateOf(atMs: number): string {
    return new Date(this.#clock.wallMs() + atMs - this.#clock.nowMs()).toISOString();
  }

  #head() {
    return { v: 1, at: new Date(this.#clock.wallMs()).toISOString(), ...this.#origin } as const;
  }

  #finish({ draft, decidedMs, settled }: Pending): void {
    const writtenAtMs = greatest(
      settled.map((one) => (one.line === undefined ? undefined : one.writtenAtMs)),
    );
    this.#sink(
      { ...draft, ...answersOf(settled) },
      { writeMs: writtenAtMs === undefined ? undefined : round(writtenAtMs - decidedMs) },
    );
  }
}
