/** `anyctl simulate` */
import type { Outcome } from "../../../checks/probe.ts";
import type { Plan, ServicePlan } from "../../config/plan.ts";
import { defineCommand } from "../command.ts";
import { loadOrTell } from "../config-problems.ts";
import { CommandError, EXIT } from "../exit.ts";
import { configPathOf } from "../location.ts";
import { checkName, listNames } from "../names.ts";
import { printableJson } from "../printable.ts";
import type { Happening } from "../simulation.ts";
import { paint, type Cell } from "../table.ts";

/** Hours of a check that is probed every second; more is not read by anybody. */
const RESULTS_MAX = 10_000;

const LETTERS: Readonly<Record<string, Outcome>> = {
  S: "pass",
  P: "pass",
  F: "fail",
  I: "inconclusive",
};

const ALLOWED =
  "letters S or P (passes), F (fails), I (inconclusive), or CHECK=LETTERS,CHECK=LETTERS";

export const command = defineCommand({
  signature: "simulate",
  describe: "Print the lines that these results would cause, with times",
  positionals: {},
  options: {
    service: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "A service of the configuration",
    },
    results: {
      type: "string",
      requiresArg: true,
      demandOption: true,
      describe: "A letter each: S or P passes, F fails, I is inconclusive; or CHECK=LETTERS,...",
    },
    "drain-at": { type: "string", requiresArg: true, describe: "Drain it after this time" },
    "undrain-at": { type: "string", requiresArg: true, describe: "End the drain after this time" },
    json: { type: "boolean", describe: "One object for each happening, for programs" },
  },
  examples: [
    ["simulate --service dns --results SSSFFF", "Up, and down again: when, and by which lines"],
    ["simulate --service dns --results udp=SSF", "Checks that disagree"],
    ["simulate --service dns --results SSS --drain-at 3s", "A drain, with its stages"],
  ],
  notes: `No agent is asked, nothing is probed, nothing is announced. Attempts take no time, every command is
accepted at once, and a check that is not named passes.`,
  async run({ service: name, results, json, ...args }, io) {
    checkName("service", name);
    const wanted = readResults(results);
    const { parseDuration } = await import("../../config/duration.ts");
    const time = (option: "drain-at" | "undrain-at") => {
      const text = args[option];
      if (text === undefined) return undefined;
      try {
        return parseDuration(text);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const where = why.replace(/^Cannot use duration/, `Cannot use --${option}`);
        throw new CommandError("usage", where, error);
      }
    };
    const [drainAtMs, undrainAtMs] = [time("drain-at"), time("undrain-at")];
    if (undrainAtMs !== undefined && undrainAtMs <= (drainAtMs ?? Infinity)) {
      throw new CommandError("usage", "Cannot use --undrain-at: must be later than --drain-at");
    }
    const { plan } = await loadOrTell(configPathOf(args, io), io);
    const service = serviceOf(plan, name);
    const { simulate } = await import("../simulation.ts");
    const scenario = { service, results: byCheck(service, wanted), drainAtMs, undrainAtMs };
    const happenings = simulate(scenario);
    if (json === true) io.stdout(`${printableJson(happenings)}\n`);
    else {
      for (const note of sharedNotes(plan, service)) io.stdout(`# ${note}\n`);
      io.stdout(writeHappenings(happenings, service, io.color));
    }
    return EXIT.done;
  },
});

type Wanted = readonly { readonly check: string | undefined; readonly outcomes: Outcome[] }[];

/** @throws {CommandError} `usage` */
function readResults(text: string): Wanted {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
  if (text.length > RESULTS_MAX * 2) {
    throw new CommandError(
      "usage",
      `Cannot use --results ${shown}: at most ${RESULTS_MAX} results`,
    );
  }
  const wanted = text.split(",").map((part) => {
    const groups = /^(?:(?<check>[^=]+)=)?(?<letters>[SPFI]+)$/.exec(part)?.groups;
    if (groups === undefined) {
      throw new CommandError("usage", `Cannot use --results ${shown}: must be ${ALLOWED}`);
    }
    const outcomes = [...(groups["letters"] ?? "")].map((letter) => LETTERS[letter] ?? "pass");
    return { check: groups["check"], outcomes };
  });
  for (const { check } of wanted) if (check !== undefined) checkName("check", check);
  const names = wanted.map(({ check }) => check);
  if (new Set(names).size < names.length || (names.length > 1 && names.includes(undefined))) {
    const why = "each check once, and either all of them or CHECK=LETTERS";
    throw new CommandError("usage", `Cannot use --results ${shown}: must be ${why}`);
  }
  if (wanted.reduce((sum, { outcomes }) => sum + outcomes.length, 0) > RESULTS_MAX) {
    throw new CommandError(
      "usage",
      `Cannot use --results ${shown}: at most ${RESULTS_MAX} results`,
    );
  }
  return wanted;
}

/** @throws {CommandError} `refused` */
function serviceOf({ services }: Plan, name: string): ServicePlan {
  const service = services.find((one) => one.name === name);
  if (service !== undefined) return service;
  const names = services.map((one) => one.name);
  throw new CommandError("refused", `There is no service ${name}; ${listNames(names)}`);
}

/** @throws {CommandError} `refused` */
function byCheck({ name, checks }: ServicePlan, wanted: Wanted): Map<string, Outcome[]> {
  const names = checks.map((check) => check.name);
  const results = new Map<string, Outcome[]>();
  for (const { check, outcomes } of wanted) {
    if (check === undefined) for (const one of names) results.set(one, outcomes);
    else if (names.includes(check)) results.set(check, outcomes);
    else {
      throw new CommandError("refused", `There is no check ${name}/${check}; ${listNames(names)}`);
    }
  }
  return results;
}

/** What is left out: services that share a prefix. */
function sharedNotes({ services }: Plan, { name, routes, shared }: ServicePlan): string[] {
  const own = new Set(routes.map(({ prefix }) => prefix));
  return services.flatMap((other) => {
    const prefixes = other.routes.map(({ prefix }) => prefix).filter((prefix) => own.has(prefix));
    if (other.name === name || prefixes.length === 0) return [];
    const state = shared === "all" ? "up" : "down";
    return [`${prefixes.join(", ")}: as while ${other.name}, which shares it, is ${state}`];
  });
}

function writeHappenings(
  happenings: readonly Happening[],
  { name }: ServicePlan,
  color: boolean,
): string {
  const times = happenings.map(({ atMs }) => `${(atMs / 1000).toFixed(3)}s`);
  const width = Math.max(0, ...times.map((time) => time.length));
  const lines = happenings.map((happening, nth) => {
    const { text, color: shade } = cellOf(happening, name);
    const cell = shade === undefined ? { text } : { text, color: shade };
    return `${(times[nth] ?? "").padStart(width)}  ${paint(cell, color)}\n`;
  });
  return lines.join("");
}

function cellOf(happening: Happening, service: string): Cell {
  switch (happening.type) {
    case "result": {
      const { check, outcome, streak, verdict } = happening;
      return { text: `${check} ${outcome}, ${verdict}${streak === "" ? "" : ` ${streak}`}` };
    }
    case "transition": {
      const { from, to, reason } = happening;
      return { text: `= ${service} ${from} -> ${to} (${reason})`, color: "cyan" };
    }
    case "command":
      return { text: `> ${happening.line}`, color: "bold" };
  }
}
