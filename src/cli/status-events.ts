/** What was heard about targets lately, for `anyctl status`. */
import type { ServiceStatus } from "./status-words.ts";
import { age } from "./age.ts";
import type { Cell } from "./table.ts";

export const EVENT_HEADING = ["EVENT", "CHECK", "HEARD", "SETTLED", "DETAIL"] as const;

/** Older ones explain nothing of what is seen now. */
const SHOWN_MS = 600_000;

/** One row for the last event of each check, if it is not settled, or of late. */
export function eventRows(
  services: readonly ServiceStatus[],
  wallMs: number,
): (readonly (Cell | string)[])[] {
  return services.flatMap(({ name, checks }) =>
    checks.flatMap(({ name: check, event }) => {
      if (event === undefined) return [];
      if (event.settled && wallMs - Date.parse(event.at) > SHOWN_MS) return [];
      const settled = event.settled ? "yes" : { text: "no", color: "yellow" as const };
      return [[event.word, `${name}/${check}`, age(event.at, wallMs), settled, event.detail]];
    }),
  );
}

/** The detail of a check; and that its events are out of reach now, if it should hear of any. */
export function detailOf({ last, listening }: ServiceStatus["checks"][number]): string {
  const detail = last?.detail ?? "";
  if (listening !== false) return detail;
  return detail === "" ? "(polled only)" : `${detail} (polled only)`;
}
