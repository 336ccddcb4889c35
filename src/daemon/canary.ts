/** The self-test of withdrawal: each step of it, timed. Goes on to the end, whether anybody still waits for it or not. */
import { join } from "node:path";
import type { Settlement } from "exabgp-ts-bridge";
import { fitted } from "../core/fit.ts";
import type {
  CanaryAnswer,
  CanaryOrder,
  CanaryOutcome,
  CanaryStep,
} from "../control/canary-order.ts";
import type { ErrorBody } from "../control/protocol.ts";
import { canaryMistake } from "../core/canary.ts";
import type { AuditDesk } from "./audit.ts";
import { canaryPrefix } from "./canary-prefix.ts";
import type { Clock } from "./clock.ts";
import type { Echo } from "./echo.ts";
import type { Loop } from "./loop.ts";
import { actorOfProof } from "./proof.ts";

/** Must not leave the neighbor's network (RFC 1997). */
const NO_EXPORT = "65535:65281";

/** Longer than any `ack-timeout`; the bridge settles each command. */
const ANSWER_MAX_MS = 15_000;

/** ExaBGP echoes an UPDATE within milliseconds of sending it. */
const ECHO_MAX_MS = 3000;

/** After the first neighbor's echo: those of another family get none. */
const ECHO_REST_MS = 500;

const LOOK_MS = 10;

export interface CanaryOptions {
  readonly clock: Clock;
  /** Undefined until the agent has begun to decide. */
  readonly loop: () => Pick<Loop, "state" | "dispatch"> | undefined;
  readonly echo: Pick<Echo, "of" | "state">;
  readonly sessions: () => ReadonlyMap<
    string,
    { readonly neighbor: string; readonly state: string }
  >;
  readonly audit: () => Pick<AuditDesk, "occurred">;
  readonly stateDir: string;
}

export class Canary {
  readonly #options: CanaryOptions;
  #settled: ((settlement: Settlement) => void) | undefined;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** The loop's word that a command of it has ended. */
  settled(settlement: Settlement): void {
    this.#settled?.(settlement);
  }

  run(order: CanaryOrder): Promise<CanaryAnswer | ErrorBody> | "starting" {
    const loop = this.#options.loop();
    return loop === undefined ? "starting" : this.#run(loop, order);
  }

  async #run(
    loop: Pick<Loop, "state" | "dispatch">,
    { prefix: text, proof }: CanaryOrder,
  ): Promise<CanaryAnswer | ErrorBody> {
    const { clock, stateDir, sessions } = this.#options;
    const folder = join(stateDir, "drains");
    const actor = await actorOfProof(folder, { force: false, proof }, clock.wallMs());
    const { state } = loop;
    const known = [...state.index.prefixes.map(({ prefix }) => prefix), ...owned(state.routes)];
    const mistake = canaryMistake(state);
    if (mistake !== undefined) return { error: `No self-test now: ${mistake}` };
    const peers = [...sessions().keys(), ...(state.rib?.neighbors ?? [])];
    const found = canaryPrefix(text, known, peers);
    if ("error" in found) return found;
    const { prefix } = found;
    const about = { prefix, actor, sessions: [...sessions().values()].map(sessionOf) };
    const route = fitted({ prefix, nextHop: "self", communities: [NO_EXPORT] }, state.neighbors);
    if (route === undefined) {
      return {
        error: `Cannot use ${prefix}: no neighbor has a session for IPv6; use an IPv4 prefix`,
      };
    }
    const up = about.sessions
      .filter((one) => one.state === "up" && (route.neighbors?.includes(one.neighbor) ?? true))
      .map(({ neighbor }) => neighbor);
    const steps: CanaryStep[] = [];
    steps.push(
      await this.#command("announce", about, () => loop.dispatch({ type: "canary", route })),
    );
    if (steps[0]?.outcome !== "error") steps.push(await this.#echoed("announced", prefix, up));
    steps.push(
      await this.#command("withdraw", about, () => loop.dispatch({ type: "canary-over" })),
    );
    const told = steps.find(({ step }) => step === "announced")?.neighbors ?? [];
    steps.push(await this.#echoed("withdrawn", prefix, told));
    const tells = this.#options.echo.state === "on";
    return { outcome: outcomeOf(steps, up, tells), ...about, steps };
  }

  async #command(
    step: "announce" | "withdraw",
    { prefix, actor }: { readonly prefix: string; readonly actor: string },
    dispatch: () => void,
  ): Promise<CanaryStep> {
    const { clock, audit } = this.#options;
    const startMs = clock.nowMs();
    const settlement = await new Promise<Settlement | undefined>((resolve) => {
      const cancel = clock.after(ANSWER_MAX_MS, () => resolve(undefined));
      this.#settled = (one) => {
        cancel();
        resolve(one);
      };
      dispatch();
    });
    this.#settled = undefined;
    const { outcome = "timeout", line, ackMs, detail = "" } = settlement ?? {};
    const ack = outcome === "superseded" || outcome === "closed" ? "error" : outcome;
    const answered = {
      ...(ack !== "unconfirmed" && { ack }),
      ...(ackMs !== undefined && { ackMs: round(ackMs) }),
    };
    const commands = line === undefined ? [] : [line];
    audit().occurred({
      reason: "canary",
      actor,
      note: step,
      prefixes: [prefix],
      commands,
      ...answered,
    });
    return {
      step,
      outcome: ack,
      elapsedMs: round(clock.nowMs() - startMs),
      ...(line !== undefined && { line }),
      ...(detail !== "" && { detail }),
    };
  }

  /** @param expected Neighbors that should be sent it. */
  async #echoed(
    step: "announced" | "withdrawn",
    prefix: string,
    expected: readonly string[],
  ): Promise<CanaryStep> {
    const { clock, echo } = this.#options;
    const action = step === "announced" ? "announce" : "withdraw";
    const startMs = clock.nowMs();
    const isWanted = (neighbor: string) => expected.length === 0 || expected.includes(neighbor);
    let neighbors: readonly string[] = [];
    let untilMs = startMs + ECHO_MAX_MS;
    let lastMs = startMs;
    while (clock.nowMs() < untilMs) {
      const heard = echo.of(prefix).filter((one) => one.action === action);
      const now = heard.map(({ neighbor }) => neighbor).filter(isWanted);
      if (now.length > neighbors.length) {
        if (neighbors.length === 0 && step === "announced") untilMs = clock.nowMs() + ECHO_REST_MS;
        neighbors = now;
        lastMs = clock.nowMs();
      }
      if (expected.length > 0 && neighbors.length === expected.length) break;
      // Without a session nothing is sent.
      if (expected.length === 0) break;
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    const isWhole = step === "announced" || neighbors.length === expected.length;
    const outcome = neighbors.length === 0 ? "untold" : isWhole ? "sent" : "timeout";
    // ExaBGP that tells what it sends has sent nothing.
    const isSilent = outcome === "untold" && echo.state === "on";
    const detail = isSilent ? "ExaBGP tells of no UPDATE with it" : undefined;
    const elapsedMs = round(lastMs - startMs);
    return { step, outcome, elapsedMs, neighbors, ...(detail !== undefined && { detail }) };
  }
}

/** @param tells Whether ExaBGP tells what it sends. */
function outcomeOf(
  steps: readonly CanaryStep[],
  up: readonly string[],
  tells: boolean,
): CanaryOutcome {
  const outcomes = new Set(steps.map(({ outcome }) => outcome));
  if (outcomes.has("error")) return "refused";
  const [announced, withdrawn] = ["announced", "withdrawn"].map((word) =>
    steps.find(({ step }) => step === word),
  );
  // What was sent must be taken back, as seen by the same eyes.
  const isLeft = announced?.outcome === "sent" && withdrawn?.outcome !== "sent";
  if (outcomes.has("timeout") || isLeft) return "timeout";
  if (up.length === 0) return "no-session";
  return tells && announced?.outcome === "untold" ? "unsent" : "passed";
}

function owned(routes: Loop["state"]["routes"]): string[] {
  return [...routes].flatMap(([prefix, one]) => (one.owned === undefined ? [] : [prefix]));
}

function sessionOf({ neighbor, state }: { readonly neighbor: string; readonly state: string }) {
  return { neighbor, state };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
