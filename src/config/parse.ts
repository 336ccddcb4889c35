/** Texts become the effective configuration: read, validate, merge, judge, fill in. */
import { hostname } from "node:os";
import { encodeAnnounce, RouteError } from "exabgp-ts-bridge";
import type { z } from "zod";
import { readDocument, type ConfigDocument, type ConfigFile } from "./document.ts";
import { fillDefaults, type EffectiveConfig } from "./effective.ts";
import { validate, type Draft } from "./issues.ts";
import { fullBudget, PROBLEMS_MAX } from "./limits.ts";
import { announceIn, VARIANTS } from "./overlay.ts";
import { ConfigError, type Problem } from "./problem.ts";
import { buildRoute } from "./routes.ts";
import { judge } from "./rules.ts";
import { Config, DropIn } from "./schema.ts";
import type { Announce } from "./schema-announce.ts";
import type { Service } from "./schema-service.ts";
import { mergeServices, problemAt, type ServiceSource } from "./source.ts";

/**
 * All files merged, all defaults filled in, in the words of the file.
 *
 * @param files The main file first.
 * @throws {ConfigError} With all problems of all files, sorted by file and position.
 */
export function parseEffective(
  files: readonly ConfigFile[],
  hostName = hostname(),
): { effective: EffectiveConfig; warnings: Problem[] } {
  const [mainFile, ...dropInFiles] = files;
  if (mainFile === undefined) throw new TypeError("Cannot use config: no file is given");
  const budget = fullBudget();
  const main = validateDocument(Config, readDocument(mainFile, budget));
  const all = [
    main,
    ...dropInFiles.map((file) => validateDocument(DropIn, readDocument(file, budget))),
  ].map(({ document, draft, problems }) => ({
    document,
    problems,
    services: draft.services ?? {},
  }));

  const merged = mergeServices(all);
  const judged = judge({
    main: main.document,
    defaults: main.draft.defaults ?? {},
    checks: main.draft.checks ?? {},
    services: merged.services,
    maintenance: main.draft.maintenance ?? [],
    dialect: main.draft.exabgp?.dialect,
  });
  const problems = [
    ...all.flatMap(({ document, problems: invalid }) => [...document.problems, ...invalid]),
    ...merged.problems,
    ...judged.problems,
  ];
  if (problems.length === 0) {
    problems.push(...refusedRoutes(merged.services));
    if (merged.services.length === 0) problems.push(missingServices(main.document));
  }
  if (problems.length > 0) throw new ConfigError(mainFile.path, sortProblems(problems, files));

  const effective = fillDefaults(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a problem nothing was cut out of a draft
    main.draft as Config,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same
    merged.services.map(({ name, draft }) => [name, draft as Service]),
    hostName,
  );
  return { effective, warnings: sortProblems(judged.warnings, files) };
}

function validateDocument<T>(
  schema: z.ZodType<T>,
  document: ConfigDocument,
): { document: ConfigDocument; draft: Draft<T> | Record<string, never>; problems: Problem[] } {
  // A file that is no YAML has said so; its missing keys are no news.
  if (document.tree === undefined) return { document, draft: {}, problems: [] };
  const { draft, problems } = validate<T>(schema, document);
  // What the document could not read has no value; that is no second problem.
  const known = new Set(document.problems.map(({ path }) => path));
  const news = problems.filter(({ path }) => !known.has(path));
  return { document, draft: draft ?? {}, problems: news };
}

function missingServices(main: ConfigDocument): Problem {
  const place = { ...main.place([]), path: "services" };
  return { ...place, message: "is missing", allowed: "at least one service, here or in anyctl.d" };
}

/** What the bridge would refuse to write later is refused now, while the last good configuration still runs. */
function refusedRoutes(services: readonly ServiceSource[]): Problem[] {
  return services.flatMap((service) =>
    (service.draft.prefixes ?? []).flatMap((prefix = "", index) => {
      try {
        for (const announce of announcedBy(service)) encodeAnnounce(buildRoute(prefix, announce));
        return [];
      } catch (error) {
        if (!(error instanceof RouteError)) throw error;
        const message = `cannot be written for ExaBGP: ${error.field} ${error.value}`;
        return [problemAt(service, ["prefixes", index], message, error.allowed)];
      }
    }),
  );
}

function announcedBy({ draft: { announce = {}, when } }: ServiceSource): Draft<Announce>[] {
  return [announce, ...VARIANTS.flatMap((variant) => announceIn(announce, when, variant) ?? [])];
}

/** By file in the order of reading, then by position; each once, and at most `PROBLEMS_MAX`. */
function sortProblems(problems: readonly Problem[], files: readonly ConfigFile[]): Problem[] {
  const order = new Map(files.map(({ path }, index) => [path, index]));
  const sorted = problems.toSorted(
    (left, right) =>
      (order.get(left.file) ?? 0) - (order.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column ||
      (left.path < right.path ? -1 : Number(left.path > right.path)),
  );
  const more = sorted.length - PROBLEMS_MAX;
  const last = sorted[PROBLEMS_MAX];
  if (more <= 0 || last === undefined) return sorted;
  const rest = { ...last, path: "", message: `${more} more problems from here on`, allowed: "" };
  return [...sorted.slice(0, PROBLEMS_MAX), rest];
}
