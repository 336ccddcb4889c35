/** Audit records: one per decision, complete when ExaBGP has answered its commands. */
import type { Settlement } from "exabgp-ts-bridge";
import type { Refusal, Transition } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";

/** A flat JSON object; a field that does not apply is absent. */
export interface AuditRecord {
  readonly v: 1;
  /** Without gaps within a boot. */
  readonly seq: number;
  /** When it was decided: RFC 3339 with milliseconds. */
  readonly at: string;
  readonly pop: string;
  readonly service?: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason: string;
  readonly actor: string;
  /** The operator's reason. */
  readonly note?: string;
  readonly check?: string;
  /** The probe's reason word and detail. */
  readonly evidence?: string;
  readonly prefixes: readonly string[];
  /** The exact lines, in the order in which ExaBGP answered them. */
  readonly commands: readonly string[];
  /** The worst answer. */
  readonly ack?: "done" | "error" | "timeout";
  /** From a command's write to its answer; the longest. */
  readonly ackMs?: number;
  /** From the first contrary result to the decision. */
  readonly detectMs?: number;
  readonly boot: string;
  /** The agent's version. */
  readonly agent: string;
}

/** What a record says whatever was decided. */
export interface AuditOrigin {
  readonly pop: string;
  readonly boot: string;
  readonly agent: string;
}

/** Where finished records go; numbers them. */
export type AuditSink = (record: Omit<AuditRecord, "seq">, timing: AuditTiming) => void;

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
  #origin: AuditOrigin;

  constructor(clock: Clock, origin: AuditOrigin, sink: AuditSink) {
    this.#clock = clock;
    this.#origin = origin;
    this.#sink = sink;
  }

  /** A reload may give the PoP another name. */
  rename(pop: string): void {
    this.#origin = { ...this.#origin, pop };
  }

  /** @param commands How many commands the decision caused. */
  decided(transition: Transition, commands: number): void {
    const { service, from, to, reason, actor, note, check, evidence, prefixes } = transition;
    const { detectMs } = transition;
    const pending: Pending = {
      draft: {
        v: 1,
        at: new Date(this.#clock.wallMs()).toISOString(),
        ...this.#origin,
        service,
        from,
        to,
        reason,
        actor,
        prefixes,
        commands: [],
        ...(note === "" ? {} : { note }),
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

  /** A refusal is a decision too. */
  refused({ reason, actor, prefixes, announced }: Refusal): void {
    const note = `would withdraw ${prefixes.length} of ${announced} announced prefixes`;
    const at = new Date(this.#clock.wallMs()).toISOString();
    const draft = {
      v: 1,
      at,
      ...this.#origin,
      reason,
      actor,
      note,
      prefixes,
      commands: [],
    } as const;
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

  /** Hands over what still waits for answers, as it is: before exit. */
  flush(): void {
    for (const pending of this.#pending.values()) this.#finish(pending);
    this.#pending.clear();
  }

  #finish({ draft, decidedMs, settled }: Pending): void {
    const written = settled.filter(({ line }) => line !== undefined);
    const ack = worst(written);
    const ackMs = greatest(written.map((one) => one.ackMs));
    const writtenAtMs = greatest(written.map((one) => one.writtenAtMs));
    this.#sink(
      {
        ...draft,
        commands: written.map(({ line }) => line ?? ""),
        ...(ack && { ack }),
        ...(ackMs === undefined ? {} : { ackMs: round(ackMs) }),
      },
      { writeMs: writtenAtMs === undefined ? undefined : round(writtenAtMs - decidedMs) },
    );
  }
}

/** An answer that never came, for whatever reason, is a `timeout`: nobody knows whether it was applied. */
function worst(settled: readonly Settlement[]): AuditRecord["ack"] {
  const outcomes = settled.map(({ outcome }) => outcome);
  if (outcomes.length === 0) return undefined;
  if (outcomes.includes("error")) return "error";
  return outcomes.every((outcome) => outcome === "done") ? "done" : "timeout";
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
