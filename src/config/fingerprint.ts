/** A configuration as it may be told to whoever asks: prefixes and attributes, and of the rest whether it is the same. */
import { createHash } from "node:crypto";
import type { CheckSpec } from "../../checks/registry.ts";
import type { Settings } from "./load.ts";
import type { CheckPlan, Plan } from "./plan.ts";

/** 48 bits tell two versions of one check apart; more would not make a guess at a password harder. */
const DIGITS = 12;

/** The key in the file where it is not the name of the setting. */
const KEYS: Readonly<Record<string, string>> = {
  stateDir: "state-dir",
  socketPath: "socket",
  httpListen: "http",
};

/** Read when the agent starts, and never again. */
const ONCE: ReadonlySet<string> = new Set(["state-dir", "socket", "exabgp"]);

/** Changes whenever the value does. */
function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, DIGITS);
}

/** The plan without what its checks ask, and how: URLs and headers may hold passwords. */
export function concealPlan(plan: Plan): Plan {
  const conceal = (check: CheckPlan): CheckPlan => {
    const spec = { type: check.spec.type, fingerprint: fingerprint(check.spec) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared and shown, never probed
    return { ...check, spec: spec as unknown as CheckSpec };
  };
  const services = plan.services.map((one) => ({ ...one, checks: one.checks.map(conceal) }));
  return { ...plan, services };
}

/** One for each setting, by its key in the file. */
export function fingerprintSettings(settings: Settings | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings ?? {}).map(([name, value]) => [KEYS[name] ?? name, fingerprint(value)]),
  );
}

/** Which settings differ: those that a reload takes over, and those that it cannot. */
export function diffSettings(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): { readonly now: readonly string[]; readonly atRestart: readonly string[] } {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const changed = keys.filter((key) => before[key] !== after[key]);
  return {
    now: changed.filter((key) => !ONCE.has(key)),
    atRestart: changed.filter((key) => ONCE.has(key)),
  };
}
