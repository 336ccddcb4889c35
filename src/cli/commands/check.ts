/** `anyctl check` */
import { attempt, type Attempt } from "../../../checks/attempt.ts";
import { PROGRAMS_MAX } from "../../../checks/exec-run.ts";
import type { Probe } from "../../../checks/probe.ts";
import type { CheckPlan, Plan } from "../../config/plan.ts";
import { defineCommand } from "../command.ts";
import { loadOrTell } from "../config-problems.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { configPathOf } from "../location.ts";
import { checkName, listNames } from "../names.ts";
import { printableJson } from "../printable.ts";
import { table, type Cell, type Color } from "../table.ts";

/**
 * At once: enough to be quick, few enough that probes do not delay each other into timeouts. With more, programs would
 * wait for a place while their time runs.
 */
const CONCURRENCY = PROGRAMS_MAX;

const COLORS: Readonly<Record<string, Color>> = {
  pass: "green",
  fail: "red",
  inconclusive: "yellow",
};

interface Finding {
  readonly check: CheckPlan;
  readonly attempt: Attempt;
}

export const command = defineCommand({
  signature: "check [name]",
  describe: "Probe once, here and now, without the agent",
  positionals: { name: { type: "string", describe: "SERVICE, or SERVICE/CHECK; all by default" } },
  options: { json: { type: "boolean", describe: "One object per check, for programs" } },
  completes: { name: "checks" },
  examples: [
    ["check", "Would this PoP be announced? Before ExaBGP is started"],
    ["check dns/resolver", "One check"],
  ],
  notes:
    "Exit status 1 if a probe failed or was inconclusive. Nothing is announced or withdrawn by it.",
  async run({ name, json, ...args }, io) {
    if (name !== undefined) checkSelector(name);
    const { plan } = await loadOrTell(configPathOf(args, io), io);
    const findings = await probeAll(select(plan, name), io);
    io.stdout(json === true ? `${printableJson(findings.map(toJson))}\n` : toText(findings, io));
    const isGood = findings.every(({ attempt: { result } }) => result.outcome === "pass");
    return isGood ? EXIT.done : EXIT.refused;
  },
});

function checkSelector(name: string): void {
  const [service = "", check, ...more] = name.split("/");
  checkName("service", service);
  if (check !== undefined) checkName("check", check);
  if (more.length > 0) {
    throw new CommandError(
      "usage",
      `Cannot use ${JSON.stringify(name)}: must be SERVICE or SERVICE/CHECK`,
    );
  }
}

function select({ services }: Plan, name: string | undefined): readonly CheckPlan[] {
  if (name === undefined) return services.flatMap(({ checks }) => checks);
  const [serviceName, checkPart] = name.split("/");
  const service = services.find((one) => one.name === serviceName);
  if (service === undefined) {
    const names = services.map((one) => one.name);
    throw new CommandError("refused", `There is no service ${serviceName}; ${listNames(names)}`);
  }
  const checks = service.checks.filter((one) => checkPart === undefined || one.name === checkPart);
  if (checks.length > 0) return checks;
  const ids = service.checks.map(({ id }) => id);
  throw new CommandError("refused", `There is no check ${name}; ${listNames(ids)}`);
}

async function probeAll(checks: readonly CheckPlan[], io: CommandIo): Promise<Finding[]> {
  const { createProbe, prepareProbes } = await import("../../../checks/registry.ts");
  const { createProbeContext } = await import("../../../checks/context.ts");
  await prepareProbes(checks.map(({ spec }) => spec));
  const context = createProbeContext();
  // Programs of `exec` checks have sessions of their own: Ctrl-C reaches them only through us.
  const interruption = io.interruption?.() ?? new AbortController().signal;
  const attempts = new Map<string, Attempt>();
  // One of all uses of a shared check is enough.
  const queue = new Map(checks.map((check) => [probeOf(check), check])).entries();
  const work = async () => {
    for (const [key, check] of queue) {
      if (interruption.aborted) return;
      const probe = createProbe(check.spec, context);
      const interruptible: Probe = (signal) => probe(AbortSignal.any([signal, interruption]));
      attempts.set(key, await attempt(interruptible, check.timing.timeoutMs, io.timers));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  context.systemd.close();
  if (interruption.aborted) throw new CommandError("refused", "Interrupted before all was probed");
  return checks.flatMap((check) => {
    const made = attempts.get(probeOf(check));
    return made === undefined ? [] : { check, attempt: made };
  });
}

/** Checks with the same key are probed once. Ids have a slash, names of shared checks have none. */
function probeOf({ id, use }: CheckPlan): string {
  return use ?? id;
}

function toText(findings: readonly Finding[], { color }: CommandIo): string {
  const rows = findings.map(({ check: { id, spec }, attempt: { result, elapsedMs } }) => {
    const outcome: Cell = { text: result.outcome, color: COLORS[result.outcome] ?? "bold" };
    return [id, spec.type, outcome, result.reason, `${roundMs(elapsedMs)} ms`, result.detail];
  });
  return table([["CHECK", "TYPE", "RESULT", "REASON", "TOOK", "DETAIL"], ...rows], color);
}

function toJson({ check: { id, spec }, attempt: { result, elapsedMs } }: Finding): object {
  return { check: id, type: spec.type, ...result, elapsedMs: roundMs(elapsedMs) };
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}
