/** What must hold between keys; every rule skips what is wrong in itself, so that all mistakes are found at once. */
import type { ConfigDocument } from "./document.ts";
import { CHECKS_MAX, ROUTES_MAX, SERVICES_MAX } from "./limits.ts";
import { NAME_PATTERN } from "./leaf.ts";
import { formatPath, type Problem } from "./problem.ts";
import { announceProblems } from "./rules-announce.ts";
import {
  composeWarnings,
  requireProblems,
  sharedCheckProblems,
  useProblems,
} from "./rules-compose.ts";
import { maintenanceProblems } from "./rules-maintenance.ts";
import { neighborProblems } from "./rules-neighbors.ts";
import { prefixProblems } from "./rules-prefixes.ts";
import { sharedProblems } from "./rules-shared.ts";
import { stageWarnings } from "./rules-stage.ts";
import { timingProblems, timingWarnings } from "./rules-timing.ts";
import type { ServiceSource, Sources } from "./source.ts";

export function judge(sources: Sources): { problems: Problem[]; warnings: Problem[] } {
  return {
    problems: [
      ...totalProblems(sources),
      ...sharedNameProblems(sources),
      ...sharedCheckProblems(sources),
      ...timingProblems(sources),
      ...sources.services.flatMap((service) => [
        ...nameProblems(service),
        ...requireProblems(service),
        ...useProblems(service, sources.checks),
        ...prefixProblems(service),
        ...announceProblems(service),
      ]),
      ...neighborProblems(sources),
      ...sharedProblems(sources.services),
      ...maintenanceProblems(sources),
    ],
    warnings: [...timingWarnings(sources), ...stageWarnings(sources), ...composeWarnings(sources)],
  };
}

function totalProblems({ main, services }: Sources): Problem[] {
  const place = { ...main.place(["services"], "key"), path: "services" };
  const totals = [
    { what: "services", count: services.length, max: SERVICES_MAX },
    {
      what: "checks",
      count: sum(services, ({ draft }) => Object.keys(draft.checks ?? {}).length),
      max: CHECKS_MAX,
    },
    {
      what: "prefixes",
      count: sum(services, ({ draft }) => draft.prefixes?.length ?? 0),
      max: ROUTES_MAX,
    },
  ];
  return totals
    .filter(({ count, max }) => count > max)
    .map(({ what, count, max }) => ({
      ...place,
      message: `${count} ${what} in all files`,
      allowed: `at most ${max}`,
    }));
}

function nameProblems({ name, draft, document }: ServiceSource): Problem[] {
  const checks = Object.keys(draft.checks ?? {}).map((check) => [
    "services",
    name,
    "checks",
    check,
  ]);
  return wrongNames([["services", name], ...checks], document);
}

function sharedNameProblems({ main, checks }: Sources): Problem[] {
  return wrongNames(
    Object.keys(checks).map((check) => ["checks", check]),
    main,
  );
}

function wrongNames(paths: readonly string[][], document: ConfigDocument): Problem[] {
  return paths
    .filter((path) => !NAME_PATTERN.test(path.at(-1) ?? ""))
    .map((path) => ({
      ...document.place(path, "key"),
      path: formatPath(path),
      message: "not a name",
      allowed: "1 to 63 of a-z, 0-9 and hyphens, not a hyphen first",
    }));
}

function sum(
  services: readonly ServiceSource[],
  count: (service: ServiceSource) => number,
): number {
  return services.reduce((total, service) => total + count(service), 0);
}
