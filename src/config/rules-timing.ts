/** A timeout is at most the interval; what is only unwise is a warning. */
import { formatDuration } from "./duration.ts";
import type { ConfigDocument } from "./document.ts";
import type { Draft } from "./issues.ts";
import { formatPath, type Path, type Problem } from "./problem.ts";
import { isUse, type Judging } from "./schema-check.ts";
import type { CheckTiming } from "./schema-timing.ts";
import type { Sources } from "./source.ts";
import { resolveTiming } from "./timing.ts";

/** The p99.9 of an HTTP probe over loopback under 4x CPU oversubscription was 211 ms. */
const TIMEOUT_SAFE_MS = 250;

/** Where one timing is written, and what is in force there. */
interface TimingPlace {
  readonly document: ConfigDocument;
  readonly path: Path;
  readonly given: Draft<CheckTiming & Judging>;
  readonly defaults: Draft<CheckTiming>;
}

/** A contradiction within `defaults` is said there, and not again for each check that inherits it. */
export function timingProblems(sources: Sources): Problem[] {
  return placesOf(sources).flatMap(({ document, path, given, defaults }) => {
    const { intervalMs, timeoutMs } = resolveTiming(defaults, given).timing;
    if (timeoutMs <= intervalMs || !isKnown(given, defaults)) return [];
    const interval = formatDuration(intervalMs);
    const timeout = formatDuration(timeoutMs);
    if (given.timeout !== undefined) {
      const message = `${timeout} is longer than interval ${interval}`;
      return [problem(document, [...path, "timeout"], message, "at most the interval")];
    }
    if (given.interval === undefined) return [];
    const message = `${interval} is shorter than timeout ${timeout} of defaults`;
    return [problem(document, [...path, "interval"], message, "at least the timeout")];
  });
}

/** Said where the value comes from. */
export function timingWarnings(sources: Sources): Problem[] {
  return placesOf(sources).flatMap(({ document, path, given, defaults }) => {
    const warnings: Problem[] = [];
    if (!isKnown(given, defaults)) return [];
    const { timing, fall } = resolveTiming(defaults, given);
    const { intervalMs, timeoutMs, fastIntervalMs } = timing;
    const timeoutKey = given.timeout === undefined ? "interval" : "timeout";
    const isInherited =
      given[timeoutKey] === undefined ||
      (timeoutKey === "interval" && defaults.timeout !== undefined);
    if (timeoutMs < TIMEOUT_SAFE_MS && !isInherited) {
      const message = `timeout ${formatDuration(timeoutMs)} may fail a healthy service on a busy host`;
      warnings.push(
        problem(document, [...path, timeoutKey], message, `better ${TIMEOUT_SAFE_MS}ms or more`),
      );
    }
    if (given["fast-interval"] !== undefined && fastIntervalMs > intervalMs) {
      const message = `${formatDuration(fastIntervalMs)} is longer than interval ${formatDuration(intervalMs)}`;
      warnings.push(
        problem(document, [...path, "fast-interval"], message, "better at most the interval"),
      );
    }
    if (given.fall !== undefined && fall === 1 && given.advisory !== true) {
      const message = "1 withdraws the service after a single lost packet";
      warnings.push(problem(document, [...path, "fall"], message, "better 2 or more"));
    }
    return warnings;
  });
}

/** What is wrong in itself was given, and cannot be compared. */
function isKnown(given: Draft<CheckTiming>, defaults: Draft<CheckTiming>): boolean {
  return (["interval", "timeout", "fast-interval"] as const).every((key) => {
    const holder = key in given ? given : defaults;
    return !(key in holder) || holder[key] !== undefined;
  });
}

function placesOf({ main, defaults, checks, services }: Sources): TimingPlace[] {
  const shared = Object.entries(checks).map(([check, given]) => ({
    document: main,
    path: ["checks", check],
    given: given ?? {},
    defaults,
  }));
  const own = services.flatMap(({ name, draft, document }) =>
    Object.entries(draft.checks ?? {}).flatMap(([check, given = {}]) => {
      // Its timing is that of the shared check, and said there.
      if (isUse(given)) return [];
      return { document, path: ["services", name, "checks", check], given, defaults };
    }),
  );
  return [{ document: main, path: ["defaults"], given: defaults, defaults: {} }, ...shared, ...own];
}

function problem(document: ConfigDocument, path: Path, message: string, allowed: string): Problem {
  return { ...document.place(path), path: formatPath(path), message, allowed };
}
