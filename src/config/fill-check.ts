/** The keys of one check with what its type takes from elsewhere, in the words of the file. */
import type { CheckSpec } from "../../checks/registry.ts";
import { formatDuration, parseDuration } from "./duration.ts";

/** @param prefixes Those of the service, in canonical form. */
export function fillCheck(spec: CheckSpec, prefixes: readonly string[]): CheckSpec {
  if (spec.type === "address") {
    // In the order of the schema: what is shown and read again must have the same hash.
    const { type, addresses = [...prefixes], ...rest } = spec;
    return { type, addresses, ...rest };
  }
  if (spec.type === "file" && spec["max-age"] !== undefined) {
    return { ...spec, "max-age": formatDuration(parseDuration(spec["max-age"])) };
  }
  return spec;
}
