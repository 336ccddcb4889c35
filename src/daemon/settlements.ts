/** What ExaBGP said to the commands of one record. */
import type { Settlement } from "exabgp-ts-bridge";
import type { AuditRecord } from "../control/audit-record.ts";

/** @returns The lines in the order of their answers, each once: many prefixes may have one; the worst answer, and the longest time to one. */
export function answersOf(
  settled: readonly Settlement[],
): Pick<AuditRecord, "commands" | "ack" | "ackMs"> {
  const written = settled.filter(({ line }) => line !== undefined);
  const ack = worst(written);
  const ackMs = greatest(written.map((one) => one.ackMs));
  return {
    commands: [...new Set(written.map(({ line }) => line ?? ""))],
    ...(ack && { ack }),
    ...(ackMs === undefined ? {} : { ackMs: round(ackMs) }),
  };
}

/** An answer that never came, for whatever reason, is a `timeout`: nobody knows whether it was applied. */
function worst(settled: readonly Settlement[]): AuditRecord["ack"] {
  // An ExaBGP whose acks are off was never to answer.
  const outcomes = settled.map(({ outcome }) => outcome).filter((one) => one !== "unconfirmed");
  if (outcomes.length === 0) return undefined;
  if (outcomes.includes("error")) return "error";
  return outcomes.every((outcome) => outcome === "done") ? "done" : "timeout";
}

export function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((most, value) => Math.max(most, value));
}

export function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
