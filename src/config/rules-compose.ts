/** What a service asks of its checks can be met, and every part of it counts for something. */
import type { Draft } from "./issues.ts";
import { formatPath, type Problem } from "./problem.ts";
import { isUse, type ServiceCheck, type SharedCheck } from "./schema-check.ts";
import { problemAt, type ServiceSource, type Sources } from "./source.ts";

export function requireProblems(service: ServiceSource): Problem[] {
  const { checks = {}, when } = service.draft;
  const all = Object.entries(checks);
  const advisory = all.filter(([, check]) => check?.advisory === true);
  const problems = advisory
    .filter(([, check]) => check !== undefined && "weight" in check)
    .map(([name]) =>
      // Who gives it one believes that it counts.
      problemAt(
        service,
        ["checks", name, "weight"],
        "an advisory check is not weighed",
        "no weight, or advisory: false",
      ),
    );
  if (advisory.length > 0 && when?.degraded === "withdraw") {
    const message = `withdraw would let advisory check ${advisory[0]?.[0]} withdraw the service`;
    problems.push(
      problemAt(service, ["when", "degraded"], message, "attributes, or no advisory check"),
    );
  }
  if (all.length > 0 && advisory.length === all.length) {
    const message = "all checks are advisory: nothing says whether the service is up";
    problems.push(problemAt(service, ["checks"], message, "at least one without advisory: true"));
    return problems;
  }
  return [...problems, ...amountProblems(service, all.length - advisory.length)];
}

/** @param count Of checks that are not advisory. */
function amountProblems(service: ServiceSource, count: number): Problem[] {
  const { require, checks } = service.draft;
  if (typeof require !== "object" || checks === undefined) return [];
  if ("at-least" in require || !("weight" in require)) {
    const atLeast = "at-least" in require ? require["at-least"] : undefined;
    if (atLeast === undefined || atLeast <= count) return [];
    const what = count === Object.keys(checks).length ? "check" : "required check";
    const checksHere = count === 1 ? `there is 1 ${what}` : `there are ${count} ${what}s`;
    const message = `${atLeast} can never be met: ${checksHere}`;
    return [problemAt(service, ["require", "at-least"], message, `1 to ${count}`)];
  }
  const { weight, hysteresis } = require;
  if (weight === undefined) return [];
  const problems: Problem[] = [];
  const total = totalWeight(Object.values(checks));
  if (total !== undefined && weight > total) {
    const message = `${weight} can never be met: the weights of the required checks add up to ${total}`;
    problems.push(problemAt(service, ["require", "weight"], message, `1 to ${total}`));
  }
  if (hysteresis !== undefined && hysteresis >= weight) {
    const message = `${hysteresis} is not less than weight ${weight}: once met it could never be missed`;
    problems.push(problemAt(service, ["require", "hysteresis"], message, `0 to ${weight - 1}`));
  }
  return problems;
}

/** Of the required ones; undefined when one of them is wrong in itself. */
function totalWeight(checks: readonly (Draft<ServiceCheck> | undefined)[]): number | undefined {
  let total = 0;
  for (const check of checks) {
    if (check === undefined) return undefined;
    if (check.advisory === true) continue;
    const isHole = (key: "weight" | "advisory") => key in check && check[key] === undefined;
    if (isHole("weight") || isHole("advisory")) return undefined;
    total += check.weight ?? 1;
  }
  return total;
}

export function useProblems(service: ServiceSource, shared: Sources["checks"]): Problem[] {
  const names = Object.keys(shared);
  return Object.entries(service.draft.checks ?? {}).flatMap(([name, check = {}]) => {
    if (!isUse(check) || check.use === undefined || names.includes(check.use)) return [];
    const message = `there is no shared check ${check.use}`;
    const allowed =
      names.length === 0
        ? "a name under checks of the main file, which has none"
        : `a name under checks of the main file: ${listed(names)}`;
    return problemAt(service, ["checks", name, "use"], message, allowed);
  });
}

/** What a type takes from its service when it is not given: a shared check has no service. */
export function sharedCheckProblems({ main, checks }: Sources): Problem[] {
  return Object.entries(checks).flatMap(([name, check]) => {
    if (check?.type !== "address" || "addresses" in check) return [];
    const path = ["checks", name, "addresses"];
    const message = "is missing: no service says whose prefixes are meant";
    const allowed = "a list of addresses or prefixes";
    return { ...main.place(path), path: formatPath(path), message, allowed };
  });
}

export function composeWarnings({ main, checks, services }: Sources): Problem[] {
  return [
    ...services.flatMap(idleWeights),
    ...unused(checks, services).map((name) => {
      const path = ["checks", name];
      const message = "is not probed: no service has a check with use: " + name;
      return {
        ...main.place(path, "key"),
        path: formatPath(path),
        message,
        allowed: "better used, or removed",
      };
    }),
  ];
}

/** Weights where nothing is weighed. */
function idleWeights(service: ServiceSource): Problem[] {
  const { require = "all", checks = {} } = service.draft;
  if (typeof require === "object" && !("at-least" in require)) return [];
  const how = typeof require === "object" ? "at-least" : require;
  return Object.entries(checks).flatMap(([name, check]) => {
    if (check?.weight === undefined || check.advisory === true) return [];
    const message = `${check.weight} has no effect: require is ${how}`;
    return problemAt(
      service,
      ["checks", name, "weight"],
      message,
      "better require: { weight: NUMBER }",
    );
  });
}

function unused(
  checks: Draft<Record<string, SharedCheck>>,
  services: readonly ServiceSource[],
): string[] {
  const used = new Set(
    services.flatMap(({ draft }) =>
      Object.values(draft.checks ?? {}).flatMap((check = {}) =>
        isUse(check) ? (check.use ?? []) : [],
      ),
    ),
  );
  return Object.keys(checks).filter((name) => !used.has(name));
}

/** More would not be read. */
const LISTED_MAX = 5;

function listed(names: readonly string[]): string {
  const more = names.length > LISTED_MAX ? `, and ${names.length - LISTED_MAX} more` : "";
  return names.slice(0, LISTED_MAX).join(", ") + more;
}
