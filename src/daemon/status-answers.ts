/** What the control API says of the status, in each of its forms. */
import type { ControlSource } from "../control/answers.ts";
import type { Clock } from "./clock.ts";
import { pageMaker } from "./page-body.ts";
import { StatusBody } from "./status-body.ts";
import { headOf, healthOf, statusOf, type StatusSources } from "./status.ts";

type Answers = Required<Pick<ControlSource, "status" | "statusBody" | "page" | "healthz">>;

/** @param sources What is known at this moment; asked for each time. */
export function statusAnswers(
  clock: Pick<Clock, "nowMs" | "after">,
  sources: () => StatusSources,
): Answers {
  const body = new StatusBody(clock, sources);
  return {
    status: () => statusOf(sources()),
    statusBody: () => body.get(),
    page: pageMaker(clock, sources),
    healthz: () => healthOf(headOf(sources())),
  };
}
