/** Prefixes without host bits, each once, and only those that the Internet takes unless `scope` is `local`. */
import { specialSpaceOf } from "./address-space.ts";
import { parsePrefix, type Prefix } from "./prefix.ts";
import type { Problem } from "./problem.ts";
import { problemAt, type ServiceSource } from "./source.ts";

/** RFC 7454 section 6.1.3. */
const GLOBAL_LENGTH_MAX = { 4: 24, 6: 48 } as const;

export function prefixProblems(service: ServiceSource): Problem[] {
  const { prefixes = [], scope } = service.draft;
  // A scope that is wrong in itself may have been meant as `local`.
  const isGlobal = scope === "global" || !("scope" in service.draft);
  const seen = new Map<string, number>();
  return prefixes.flatMap((text, index) => {
    const prefix = parsePrefix(text ?? "");
    if (prefix === undefined || text === undefined) return [];
    const earlier = seen.get(prefix.text);
    if (earlier === undefined) seen.set(prefix.text, index);
    const mistake =
      earlier === undefined
        ? mistakeOf(prefix, isGlobal)
        : { message: `is the same as prefixes[${earlier}]`, allowed: "each prefix once" };
    if (mistake === undefined) return [];
    return [problemAt(service, ["prefixes", index], `${text} ${mistake.message}`, mistake.allowed)];
  });
}

function mistakeOf(
  prefix: Prefix,
  isGlobal: boolean,
): { message: string; allowed: string } | undefined {
  if (prefix.hasHostBits) return { message: "has host bits", allowed: prefix.text };
  if (prefix.length === 0) {
    return { message: "is a default route", allowed: "the prefix of the service" };
  }
  if (!isGlobal) return undefined;
  const special = specialSpaceOf(prefix);
  if (special !== undefined) {
    return { message: `is not for the Internet: ${special}`, allowed: "this with scope: local" };
  }
  const max = GLOBAL_LENGTH_MAX[prefix.family];
  if (prefix.length <= max) return undefined;
  const allowed = `at most /${max}, or this with scope: local`;
  return { message: "is longer than the Internet takes", allowed };
}
