/** What the record says of an ExaBGP that does not hold what it was told. */
import type { AuditRecord } from "../control/audit-record.ts";
import { findingText } from "../core/drift.ts";
import type { DriftReport } from "../core/inputs.ts";
import type { Command } from "../core/routes.ts";

/** Kinds and neighbors that are named; the prefixes are all there. */
const WORDS_SHOWN = 5;

/** @param commands What mends it; without any, it is left as it is for now. */
export function driftFields(
  { drifts }: DriftReport,
  commands: readonly Command[],
): Pick<AuditRecord, "reason" | "actor" | "evidence" | "note" | "prefixes"> {
  const words = new Set(drifts.flatMap(({ findings }) => findings.map(findingText)));
  const shown = [...words].slice(0, WORDS_SHOWN);
  const more = words.size - shown.length;
  return {
    reason: "drift",
    actor: "agent",
    ...(commands.length === 0 && { note: "not mended now" }),
    evidence: `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
    prefixes: drifts.map(({ prefix }) => prefix),
  };
}
