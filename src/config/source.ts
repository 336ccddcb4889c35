/** The services of all files, each with the file that it came from. */
import type { ConfigDocument } from "./document.ts";
import type { Draft } from "./issues.ts";
import { formatPath, type Path, type Problem } from "./problem.ts";
import type { CheckTiming } from "./schema-timing.ts";
import type { Window } from "./schema-maintenance.ts";
import type { SharedCheck } from "./schema-check.ts";
import type { Service } from "./schema-service.ts";

/** A service as it is written somewhere. */
export interface ServiceSource {
  readonly name: string;
  readonly draft: Draft<Service>;
  readonly document: ConfigDocument;
}

/** What rules look at: everything of all files, without what is wrong in itself. */
export interface Sources {
  readonly main: ConfigDocument;
  readonly defaults: Draft<CheckTiming>;
  /** Checks that services share. */
  readonly checks: Draft<Record<string, SharedCheck>>;
  readonly services: readonly ServiceSource[];
  readonly maintenance: readonly (Draft<Window> | undefined)[];
  /** As far as the file says. */
  readonly dialect: "auto" | 4 | 5 | 6 | undefined;
}

/** A problem of `service` at `path` within it. */
export function problemAt(
  { name, document }: Pick<ServiceSource, "name" | "document">,
  path: Path,
  message: string,
  allowed: string,
): Problem {
  const fullPath = ["services", name, ...path];
  return { ...document.place(fullPath), path: formatPath(fullPath), message, allowed };
}

/** `anyctl.yaml:14`: where `service` says `path`, for messages about another place. */
export function placeName({ name, document }: ServiceSource, path: Path): string {
  const { file, line } = document.place(["services", name, ...path]);
  return `${file}:${line}`;
}

/** Services that have the same name in several files keep the first place. */
export function mergeServices(
  documents: readonly { document: ConfigDocument; services: Draft<Record<string, Service>> }[],
): { services: ServiceSource[]; problems: Problem[] } {
  const byName = new Map<string, ServiceSource>();
  const problems: Problem[] = [];
  for (const { document, services } of documents) {
    for (const [name, draft] of Object.entries(services)) {
      const earlier = byName.get(name);
      if (earlier === undefined) byName.set(name, { name, draft: draft ?? {}, document });
      else {
        const message = `is given twice, first at ${placeName(earlier, [])}`;
        problems.push(problemAt({ name, document }, [], message, "each service once"));
      }
    }
  }
  return { services: [...byName.values()], problems };
}
