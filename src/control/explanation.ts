/** `GET /v1/services/NAME/why` and `GET /v1/prefixes/PREFIX/why`. */
import type { Why } from "../core/why.ts";

export interface Explanation extends Why {
  /** All of it as one paragraph. */
  readonly text: string;
}

/** What is asked about. */
export interface Subject {
  readonly kind: "service" | "prefix";
  /** A prefix need not be canonical. */
  readonly name: string;
}

const KINDS = { services: "service", prefixes: "prefix" } as const;

/** The path of the question about `subject`. */
export function whyPath({ kind, name }: Subject): string {
  return `/v1/${kind === "service" ? "services" : "prefixes"}/${encodeURIComponent(name)}/why`;
}

/** @returns What `path` asks about, undefined if it is another path. */
export function whySubject(path: string): Subject | undefined {
  const groups = /^\/v1\/(?<kind>services|prefixes)\/(?<name>[^/]{1,200})\/why$/.exec(path)?.groups;
  if (groups === undefined) return undefined;
  try {
    const name = decodeURIComponent(groups["name"] ?? "");
    return { kind: KINDS[groups["kind"] === "services" ? "services" : "prefixes"], name };
  } catch {
    return undefined;
  }
}
