/**
 * The status page, for as many as ask: made once a second at most, and of no more services than it shows, it takes
 * the loop a few milliseconds whatever is configured and whoever reaches the port.
 */
import { ROWS_MAX, statusPage } from "../control/page.ts";
import { serviceStatus } from "../core/status.ts";
import type { Clock } from "./clock.ts";
import { headOf, type StatusSources } from "./status.ts";

/** A browser asks every 5 s. */
const KEPT_MS = 1000;

/** @returns Gives the page in UTF-8, at most a second old. */
export function pageMaker(
  clock: Pick<Clock, "nowMs">,
  sources: () => StatusSources,
): () => Uint8Array {
  let body = Buffer.alloc(0);
  let endsAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.nowMs() >= endsAtMs) {
      body = Buffer.from(pageOf(sources()));
      endsAtMs = clock.nowMs() + KEPT_MS;
    }
    return body;
  };
}

function pageOf(sources: StatusSources): string {
  const { state, moment } = sources;
  const head = headOf(sources);
  if (state === undefined) return statusPage(head);
  const { plan, checks } = state.index;
  const shown = plan.services.slice(0, ROWS_MAX);
  // What was sent to whom is not on the page.
  const services = shown.map((one, at) => serviceStatus(state, one, at, moment, new Map()));
  return statusPage(
    { ...head, services },
    { services: plan.services.length, checks: checks.length },
  );
}
