/** What `anyctl doctor` found, for people and for programs. */
import type { Diagnosis, Severity } from "../doctor/rule.ts";
import { printable } from "./printable.ts";
import { paint, type Color } from "./table.ts";

const COLORS: Readonly<Record<Severity, Color>> = { error: "red", warning: "yellow", info: "cyan" };

/** Of one rule; more are only counted. */
const FOUND_MAX = 10;

/** @param total How many rules there are. */
export function writeDiagnosis(diagnosis: Diagnosis, total: number, color: boolean): string {
  const { findings, skipped } = diagnosis;
  const rules = [...new Set(findings.map(({ rule }) => rule))];
  const sections = rules.map((rule) => {
    const own = findings.filter((one) => one.rule === rule);
    const head = `${paint({ text: rule.severity, color: COLORS[rule.severity] }, color)} ${rule.id}: ${rule.about}`;
    const places = own
      .slice(0, FOUND_MAX)
      .map(({ where, found }) => `  ${safe(where)}: ${safe(found)}`);
    const more = own.length > FOUND_MAX ? [`  and ${own.length - FOUND_MAX} more`] : [];
    return [head, ...places, ...more, `  why: ${rule.why}`, `  mend: ${rule.mend}`, ""];
  });
  const reasons = new Map<string, string[]>();
  for (const { rule, why } of skipped) reasons.set(why, [...(reasons.get(why) ?? []), rule.id]);
  const unseen = [...reasons].map(
    ([why, ids]) =>
      `${paint({ text: "skipped", color: "yellow" }, color)} ${safe(why)}: ${ids.join(", ")}`,
  );
  const counts = countsOf(diagnosis);
  const last = `${plural(counts.error, "error")}, ${plural(counts.warning, "warning")}, ${plural(counts.info, "info")}; ${total - skipped.length} of ${total} rules could be looked at`;
  return [...sections.flat(), ...unseen, last].map((line) => `${line}\n`).join("");
}

export function diagnosisJson(diagnosis: Diagnosis, total: number): object {
  const { findings, skipped } = diagnosis;
  return {
    ok: countsOf(diagnosis).error === 0,
    counts: { ...countsOf(diagnosis), skipped: skipped.length, rules: total },
    findings: findings.map(({ rule: { id, severity, about, why, mend }, where, found }) => ({
      rule: id,
      severity,
      about,
      where,
      found,
      why,
      mend,
    })),
    skipped: skipped.map(({ rule: { id }, why }) => ({ rule: id, why })),
  };
}

export function countsOf({ findings }: Diagnosis): Readonly<Record<Severity, number>> {
  const count = (severity: Severity) =>
    findings.filter(({ rule }) => rule.severity === severity).length;
  return { error: count("error"), warning: count("warning"), info: count("info") };
}

function plural(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function safe(text: string): string {
  return printable(text.slice(0, 500));
}
