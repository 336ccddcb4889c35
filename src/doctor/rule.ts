/** One rule: what is looked for, why it matters, and how it is mended. */
import type { Facts, Host } from "./host.ts";

/** `error`: traffic will be lost, or a route will not follow the service. `warning`: it may. `info`: less is known or protected. */
export type Severity = "error" | "warning" | "info";

/** What a rule has found, and where: `FILE:LINE`, a path, a sysctl, a unit. Neither holds secrets. */
export interface Found {
  readonly where: string;
  readonly found: string;
}

export interface Rule {
  /** Stable: scripts name it. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong when it finds something. */
  readonly about: string;
  readonly why: string;
  readonly mend: string;
  readonly needs: readonly (keyof Facts)[];
  look(facts: Facts): readonly Found[];
}

export interface Finding extends Found {
  readonly rule: Rule;
}

export interface Diagnosis {
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Rules that nothing could be said about, and why. */
  readonly skipped: readonly { readonly rule: Rule; readonly why: string }[];
}

/** Ties what a rule looks at to what it needs. */
export function defineRule<const K extends keyof Facts>(
  rule: Omit<Rule, "needs" | "look"> & {
    readonly needs: readonly K[];
    look(facts: Pick<Facts, K>): readonly Found[];
  },
): Rule {
  return rule;
}

const ORDER: readonly Severity[] = ["error", "warning", "info"];

export function judge(host: Host, rules: readonly Rule[]): Diagnosis {
  const known = new Map<string, unknown>();
  const unknown = new Map<string, string>();
  for (const [name, fact] of Object.entries(host)) {
    if ("value" in fact) known.set(name, fact.value);
    else unknown.set(name, fact.unknown);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a rule is only asked when all that it needs is here
  const facts = Object.fromEntries(known) as unknown as Facts;
  const findings: Finding[] = [];
  const skipped: { rule: Rule; why: string }[] = [];
  for (const rule of rules) {
    const why = rule.needs.map((need) => unknown.get(need)).find((one) => one !== undefined);
    if (why !== undefined) skipped.push({ rule, why });
    else findings.push(...rule.look(facts).map((found) => ({ ...found, rule })));
  }
  const place = ({ rule }: Finding) => ORDER.indexOf(rule.severity);
  return { findings: findings.toSorted((a, b) => place(a) - place(b)), skipped };
}
