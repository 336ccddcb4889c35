/** What is counted while it happens; everything else is looked up when somebody asks. */
import type { Settlement, SettledOutcome } from "exabgp-ts-bridge";
import type { Attempt } from "../../../checks/attempt.ts";
import type { CheckPlan } from "../../config/plan.ts";
import type { HeardWord, Transition } from "../../core/inputs.ts";
import type { PlanIndex } from "../../core/index-plan.ts";
import { ACK_SECONDS, LATENESS_SECONDS } from "./buckets.ts";
import { CheckMeter } from "./check-meter.ts";
import type { Row } from "./family.ts";
import { Counter, Histogram } from "./prom-client.ts";
import { Tally } from "./tally.ts";

/** By service, so that one can be forgotten. */
type Transitions = Map<string, Tally<"service" | "from" | "to" | "reason">>;

/**
 * An increase is seen only in a series that was there before: these are, from the start. The second and later
 * times, any other is too.
 */
const WITHDRAWN = { from: "up", to: "down", reason: "check-down" } as const;

/** How a command that was written can end; `superseded` and `closed` were not, or nobody is left to ask. */
const RESULTS: readonly SettledOutcome[] = ["done", "error", "timeout", "unconfirmed"];

export class Meter {
  readonly #checks = new Map<string, CheckMeter>();
  readonly #transitions: Transitions = new Map();
  readonly commands = new Counter({
    name: "anyctl_exabgp_commands_total",
    help: "Announcements and withdrawals by ExaBGP's answer.",
    labelNames: ["result"] as const,
    registers: [],
  });
  readonly acks = new Histogram({
    name: "anyctl_exabgp_ack_seconds",
    help: "From writing a command to ExaBGP's answer.",
    buckets: [...ACK_SECONDS],
    registers: [],
  });
  readonly lateness = new Histogram({
    name: "anyctl_probe_lateness_seconds",
    help: "How long after it was due a probe was started.",
    buckets: [...LATENESS_SECONDS],
    registers: [],
  });

  constructor() {
    for (const result of RESULTS) this.commands.inc({ result }, 0);
  }

  attempted(check: CheckPlan, made: Attempt): void {
    this.#checkOf(check).attempted(made);
  }

  heard(check: CheckPlan, word: HeardWord): void {
    this.#checkOf(check).heard(word);
  }

  decided({ service, from, to, reason }: Transition): void {
    const tally = this.#transitions.get(service) ?? new Tally();
    this.#transitions.set(service, tally);
    tally.add(keyOf({ from, to, reason }), () => ({ service, from, to, reason }));
  }

  settled({ outcome, line, ackMs }: Settlement): void {
    // Without a line there was nothing to say, unless it was refused before it was said.
    if (!RESULTS.includes(outcome) || (line === undefined && outcome === "done")) return;
    this.commands.inc({ result: outcome });
    if (ackMs !== undefined && outcome !== "timeout") this.acks.observe(ackMs / 1000);
  }

  /** Those of `plan` in its order; what it does not have is forgotten. */
  checks({ checks, checkAt }: PlanIndex): CheckMeter[] {
    for (const id of this.#checks.keys()) if (!checkAt.has(id)) this.#checks.delete(id);
    return checks.map(({ check }) => this.#checkOf(check));
  }

  /** Decisions about the services of `plan`; those about others are forgotten. */
  *transitions({ plan }: PlanIndex): Iterable<Row<"service" | "from" | "to" | "reason">> {
    const names = new Set(plan.services.map(({ name }) => name));
    for (const name of this.#transitions.keys()) {
      if (!names.has(name)) this.#transitions.delete(name);
    }
    for (const service of names) {
      const tally = this.#transitions.get(service);
      if (tally?.has(keyOf(WITHDRAWN)) !== true) yield [{ service, ...WITHDRAWN }, 0];
      yield* tally?.rows() ?? [];
    }
  }

  #checkOf(check: CheckPlan): CheckMeter {
    const known = this.#checks.get(check.id);
    if (known !== undefined) return known;
    const made = new CheckMeter(check);
    this.#checks.set(check.id, made);
    return made;
  }
}

function keyOf({ from, to, reason }: Pick<Transition, "from" | "to" | "reason">): string {
  return `${from} ${to} ${reason}`;
}
