/** What is counted for one check. */
import type { Attempt } from "../../../checks/attempt.ts";
import type { HeardWord } from "../../core/inputs.ts";
import type { CheckPlan } from "../../config/plan.ts";
import { CHECK_SECONDS } from "./buckets.ts";
import { Histogram } from "./prom-client.ts";
import { Tally } from "./tally.ts";

export class CheckMeter {
  readonly labels: { readonly service: string; readonly check: string };
  /** One for each check, so that a scrape can pause between two, and a check can be forgotten. */
  readonly duration = new Histogram({
    name: "anyctl_check_duration_seconds",
    help: "How long attempts took that said something about the service.",
    labelNames: ["service", "check"],
    buckets: [...CHECK_SECONDS],
    registers: [],
  });
  /** Outcomes and reasons are closed sets of words; a check meets a few of them. */
  readonly results = new Tally<"service" | "check" | "outcome" | "reason">();
  readonly events = new Tally<"service" | "check" | "event">();

  constructor({ id, name }: Pick<CheckPlan, "id" | "name">) {
    this.labels = { service: id.slice(0, id.indexOf("/")), check: name };
    this.duration.zero(this.labels);
  }

  heard(event: HeardWord): void {
    this.events.add(event, () => ({ ...this.labels, event }));
  }

  attempted({ result, elapsedMs }: Attempt): void {
    const { outcome, reason } = result;
    // A reason belongs to one outcome.
    this.results.add(reason, () => ({ ...this.labels, outcome, reason }));
    if (outcome === "inconclusive") return;
    this.duration.observe(this.labels, elapsedMs / 1000);
  }
}
