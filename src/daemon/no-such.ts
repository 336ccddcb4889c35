/** Says that there is no such thing, and what there is. */
import type { ErrorBody } from "../control/protocol.ts";

/** More names are not listed. */
const LISTED_MAX = 20;

export function noSuch(
  kind: "service" | "prefix",
  name: string,
  names: readonly string[],
): ErrorBody {
  const more = names.length > LISTED_MAX ? `, and ${names.length - LISTED_MAX} more` : "";
  const there =
    names.length === 0
      ? "there are none"
      : `there are: ${names.slice(0, LISTED_MAX).join(", ")}${more}`;
  return { error: `There is no ${kind} ${JSON.stringify(name)}; ${there}` };
}
