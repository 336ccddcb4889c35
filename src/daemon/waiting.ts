/** An agent whose state-dir another one has: it touches nothing there and announces nothing, until the other is gone. */
import { hostname } from "node:os";
import type { Bridge } from "exabgp-ts-bridge";
import type { Healthz } from "../control/protocol.ts";
import { Control } from "./control.ts";
import { createWatchdog } from "./create-watchdog.ts";
import { isRunning, isToldToEnd } from "./life.ts";
import type { Claimant, Lock } from "./lock.ts";
import type { Prepared } from "./prepare.ts";
import { Problems } from "./problems.ts";
import { statusOf, type StatusSources } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { readVersion } from "./version.ts";

export interface WaitingOptions extends Pick<Prepared, "log" | "configPath"> {
  readonly lock: Lock;
  readonly surroundings: Pick<Surroundings, "clock" | "input" | "notify" | "end">;
  readonly stateDir: string;
  readonly socketPath: string;
}

/** An agent that was told to end does so within 2 s: until then a new one looks often, and says nothing. */
const SOON_MS = 2500;
const LOOK_SOON_MS = 50;
const LOOK_MS = 1000;

/** An agent ends within 2 s of its ExaBGP; one that has not by then never will. */
const ORPHAN_MS = 2500;

/** Nothing was asked of ExaBGP. */
const UNASKED: Pick<Bridge, "ping" | "status"> = {
  ping: () => {},
  status: () => ({
    phase: "new",
    identity: undefined,
    acks: "unknown",
    queued: 0,
    inFlight: 0,
    unreadBytes: 0,
    sessions: new Map(),
    lastHeardAtMs: undefined,
    linesDropped: 0,
  }),
};

/**
 * Resolves as soon as this agent has the lock, or nobody can: at once when it is free. Meanwhile it reads what ExaBGP says,
 * because an unread pipe freezes it, and ends with it.
 */
export async function waitForLock(options: WaitingOptions): Promise<void> {
  const { lock, log, surroundings } = options;
  const first = lock.take();
  if (first.outcome === "unlocked") log.warn({ problem: first.problem }, "state-dir is not locked");
  if (first.outcome !== "busy") return;
  const { input, end } = surroundings;
  const gone = (): void => end(0);
  input.on("end", gone).on("close", gone).on("error", gone).resume();
  const waiting = new Waiting(options);
  await waiting.until(first.holder);
  input.off("end", gone).off("close", gone).off("error", gone);
}

class Waiting {
  readonly #options: WaitingOptions;
  readonly #sinceMs: number;
  readonly #problems: Problems;
  #control: Control | undefined;
  #watchdog: ReturnType<typeof createWatchdog>;
  /** Since when the holder is seen to be of no use, and which one that is. */
  #useless: { readonly pid: number; readonly sinceMs: number } | undefined;

  constructor(options: WaitingOptions) {
    this.#options = options;
    const { clock } = options.surroundings;
    this.#sinceMs = clock.nowMs();
    this.#problems = new Problems(clock, options.log);
  }

  async until(first: Claimant): Promise<void> {
    const { lock, log, surroundings } = this.#options;
    const { clock } = surroundings;
    for (let holder: Claimant | undefined = first; holder !== undefined;) {
      const isSoon = clock.nowMs() - this.#sinceMs < SOON_MS;
      if (!isSoon) await this.#say(holder);
      await new Promise<void>((wake) => clock.after(isSoon ? LOOK_SOON_MS : LOOK_MS, wake));
      this.#endUseless(holder);
      const taken = lock.take();
      holder = taken.outcome === "busy" ? taken.holder : undefined;
    }
    this.#watchdog?.stop();
    await this.#control?.close();
    const waitedMs = Math.round(clock.nowMs() - this.#sinceMs);
    log.info({ waitedMs }, "the other agent is gone");
  }

  /**
   * An agent without its ExaBGP ends by itself, and so does one that was told to: one that is stopped, or hangs, does
   * not. What it would write goes nowhere, but it would come between when it wakes.
   */
  #endUseless(holder: Claimant): void {
    const { lock, log, surroundings } = this.#options;
    const { pid } = holder.self;
    if (isRunning(holder.exabgp) && !isToldToEnd(pid)) {
      this.#useless = undefined;
      return;
    }
    const nowMs = surroundings.clock.nowMs();
    if (this.#useless?.pid !== pid) this.#useless = { pid, sinceMs: nowMs };
    if (nowMs - this.#useless.sinceMs < ORPHAN_MS || !isRunning(holder.self)) return;
    let problem: string | undefined;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      problem = String(error);
    }
    lock.dismiss(holder);
    log.warn({ otherPid: pid, problem }, "ends an agent that has outlived its ExaBGP");
  }

  async #say({ self, exabgp }: Claimant): Promise<void> {
    const { surroundings, log, stateDir, socketPath } = this.#options;
    const { clock, notify } = surroundings;
    this.#problems.report(
      "lock",
      `another agent, pid ${self.pid} under the ExaBGP with pid ${exabgp.pid}, has ${JSON.stringify(stateDir)}: ` +
        "nothing is judged or announced here. Each ExaBGP needs a state-dir of its own, and a socket in a folder of its own",
    );
    if (this.#control !== undefined) return;
    const health = () => this.#health();
    const sources = {
      status: () => statusOf(this.#sources()),
      healthz: health,
      timers: clock,
      socketPath,
    };
    // Where both have one socket, the other agent answers on it.
    this.#control = new Control(sources, this.#problems);
    await this.#control.listen();
    this.#watchdog = createWatchdog({
      place: notify,
      clock,
      log,
      problems: this.#problems,
      bridge: UNASKED,
      scheduler: { isWaiting: () => false },
      sources: () => this.#sources(),
    });
    this.#watchdog?.start();
    this.#watchdog?.idle("waits: another agent has its state-dir");
  }

  #health(): Healthz {
    const problems = this.#problems.list();
    const detail = problems.find(({ word }) => word === "lock")?.detail ?? "";
    return { ok: false, detail, problems: problems.map(({ word }) => word) };
  }

  #sources(): StatusSources {
    const { surroundings, configPath: path } = this.#options;
    const { clock } = surroundings;
    const moment = { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
    const since = new Date(moment.wallMs - (moment.nowMs - this.#sinceMs)).toISOString();
    return {
      moment,
      version: readVersion(),
      since,
      pop: hostname(),
      config: { path, hash: "", origin: "none", current: false, problems: [] },
      state: undefined,
      bridge: UNASKED,
      echo: { state: "unknown", byPrefix: () => new Map() },
      problems: this.#problems,
    };
  }
}
