/** Audit records: one per decision, complete when ExaBGP has answered its commands. */
import type { Settlement } from "exabgp-ts-bridge";
import type { AuditRecord } from "../control/audit-record.ts";
import type { Transition } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { Repeats } from "./repeats.ts";
import { answersOf, greatest, round } from "./settlements.ts";

/** What a record says whatever was decided. */
export interface AuditOrigin {
  readonly pop: string;
  readonly boot: string;
  readonly agent: string;
}

/** Where finished records go; numbers them. */
export type AuditSink = (record: Omit<AuditRecord, "seq">, timing: AuditTiming) => void;

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
  readonly draft: Omit<AuditRecord, "seq">;
  readonly decidedMs: number;
  open: number;
  readonly settled: Settlement[];
}

/** Collects the answers to a decision's commands, and hands the record over when the last one is there. */
export class AuditDesk {
  readonly #clock: Clock;
  readonly #sink: AuditSink;
  readonly #pending = new Map<number, Pending>();
  readonly #repeats: Repeats;
  #origin: AuditOrigin;

  constructor(clock: Clock, origin: AuditOrigin, sink: AuditSink) {
    this.#clock = clock;
    this.#origin = origin;
    this.#sink = sink;
    this.#repeats = new Repeats(clock, (fields) => this.occurred(fields));
  }

  /** A reload may give the PoP another name. */
  rename(pop: string): void {
    this.#origin = { ...this.#origin, pop };
  }

  /** @param commands How many commands the decision caused. */
  decided(transition: Transition, commands: number): void {
    const { service, from, to, reason, actor, note, check, evidence, prefixes } = transition;
    const { detectMs, until } = transition;
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
      open: commands,
      settled: [],
    };
    if (commands === 0) this.#finish(pending);
    else this.#pending.set(transition.decision, pending);
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
    if (pending.settled.length < pending.open) return;
    this.#pending.delete(decision ?? -1);
    this.#finish(pending);
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
