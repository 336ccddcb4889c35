/** Goes over to what the file says, or says why not: when asked, on SIGHUP, and by itself while there is none. */
import { setImmediate } from "node:timers/promises";
import { formatProblem, type LoadedConfig } from "../config/load.ts";
import { attributesOf } from "../config/attributes.ts";
import { diffSettings, fingerprintSettings } from "../config/fingerprint.ts";
import type { ListenAddress } from "../config/listen.ts";
import type { CheckPlan } from "../config/plan.ts";
import type { ConfigStatus } from "../control/protocol.ts";
import type { LastReload, ReloadAnswer } from "../control/reload-protocol.ts";
import { diffReload } from "../core/diff.ts";
import type { Actor } from "../core/inputs.ts";
import type { AuditDesk } from "./audit.ts";
import type { Clock } from "./clock.ts";
import { configSignature } from "./config-signature.ts";
import { configStatus, refusalText, type Effective } from "./configuration.ts";
import { saveLastGood } from "./last-good.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Problems } from "./problems.ts";
import { reloadRecord } from "./reload-record.ts";

export interface ReloaderOptions {
  readonly path: string;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly loop: Loop;
  readonly audit: Pick<AuditDesk, "occurred" | "rename">;
  readonly problems: Problems;
  /** The file, or why it cannot be used; without holding the event loop up. */
  readonly read: (path: string) => Promise<LoadedConfig | readonly string[]>;
  /** Keeps what is in force for a start with a file that is not usable. [`saveLastGood`] */
  readonly keep?: (stateDir: string, config: LoadedConfig) => Promise<void>;
  /** Of the file as it is now. [`configSignature`] */
  readonly signature?: (path: string) => string;
  /** Probes these checks from now on. */
  readonly probe: (checks: readonly CheckPlan[]) => void;
  /** Metrics and status are told there from now on. */
  readonly listen: (address: ListenAddress | undefined) => void;
  /** This is in force from now on, or why what was read is not. */
  readonly settled?: (status: ConfigStatus) => void;
  /** Keeps the maintenance windows of this configuration from now on. */
  readonly windows: (effective: Effective) => void;
}

/** Who wants it, and how much. */
export interface ReloadRequest {
  readonly actor: Actor | Promise<Actor>;
  /** Even if more than half of what is announced is withdrawn. */
  readonly force: boolean;
}

/** How soon a mended file is noticed while there is no configuration at all. */
const LOOK_MS = 1000;

/** A full disk may have been cleared by then. */
const KEEP_AGAIN_MS = 5000;

/** The kernel does not say who sent a signal. */
const BY_SIGNAL: ReloadRequest = { actor: "unknown", force: false };

export class Reloader {
  readonly #options: ReloaderOptions;
  #effective: Effective;
  #last: LastReload | undefined;
  #isBusy = false;
  #isSignalled = false;
  #isStopped = false;
  #cancelLook = () => {};
  #cancelKeep = () => {};
  /** One after the other: two writers of one file would leave a mixture, or the older one. */
  #keeping: Promise<void> = Promise.resolve();

  constructor(effective: Effective, options: ReloaderOptions) {
    this.#effective = effective;
    this.#options = options;
    this.#settle(effective);
    // Of what was read, not of what is there now: a file mended meanwhile would never be noticed.
    this.#lookAgain(effective.signature ?? "");
  }

  get pop(): string {
    return this.#effective.plan.pop;
  }

  get status(): ConfigStatus {
    const status = configStatus(this.#options.path, this.#effective);
    return { ...status, ...(this.#last && { lastReload: this.#last }) };
  }

  get config(): LoadedConfig | undefined {
    return this.#effective.config;
  }

  /** One at a time: two that overtake each other would leave the older file in force. */
  reload(request: ReloadRequest): Promise<ReloadAnswer> | "busy" {
    if (this.#isBusy) return "busy";
    this.#isBusy = true;
    return this.#reload(request).finally(() => {
      this.#isBusy = false;
      if (this.#isSignalled) this.signalled();
    });
  }

  /** A signal cannot be refused: it waits for its turn. */
  signalled(): void {
    this.#isSignalled = this.#isBusy;
    if (!this.#isBusy) void this.reload(BY_SIGNAL);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelLook();
    this.#cancelKeep();
  }

  async #reload({ actor: asked, force }: ReloadRequest): Promise<ReloadAnswer> {
    const { path, audit, clock, log, read } = this.#options;
    const [actor, config] = await Promise.all([asked, read(path)]);
    const from = this.#effective.config?.hash ?? "";
    const answer =
      "plan" in config
        ? await this.#goOver(config, actor, force)
        : ({
            outcome: "invalid-configuration",
            actor,
            from,
            to: "",
            problems: config,
            warnings: [],
            settings: { now: [], atRestart: [] },
          } as const);
    const { outcome, to, problems, settings } = answer;
    this.#last = { outcome, actor, from, to, at: new Date(clock.wallMs()).toISOString() };
    // Before the records of what it caused, which wait for ExaBGP: the cause first.
    audit.occurred(reloadRecord(answer));
    if (outcome === "reloaded") log.info({ from, to, actor }, "configuration reloaded");
    if (settings.atRestart.length > 0) {
      log.warn({ keys: settings.atRestart }, "changed settings need a restart");
    }
    if (problems.length > 0) this.#settle({ ...this.#effective, problems });
    return answer;
  }

  /** In turns of the event loop: with a thousand services each of them takes tens of milliseconds. */
  async #goOver(config: LoadedConfig, actor: Actor, force: boolean): Promise<ReloadAnswer> {
    const { loop, clock } = this.#options;
    const { plan, hash, warnings } = config;
    const before = this.#effective.config;
    await setImmediate();
    const diff = diffReload(loop.state, plan, clock.nowMs(), attributesOf);
    const told = { actor, from: before?.hash ?? "", to: hash, diff };
    await setImmediate();
    // Nobody decides after its last word.
    const refusal = this.#isStopped
      ? undefined
      : loop.dispatch({ type: "reload", plan, actor, force });
    const settings =
      before === undefined
        ? { now: [], atRestart: [] }
        : diffSettings(fingerprintSettings(before.settings), fingerprintSettings(config.settings));
    const answer = { ...told, settings, warnings: warnings.map(formatProblem) };
    if (refusal !== undefined) {
      return { ...answer, outcome: "mass-withdrawal", problems: [refusalText(refusal)] };
    }
    if (!this.#isStopped) this.#settle({ origin: "file", config, plan, problems: [] });
    return { ...answer, outcome: "reloaded", problems: [] };
  }

  #settle(effective: Effective): void {
    const { problems, probe, audit, listen, windows } = this.#options;
    this.#effective = effective;
    this.#options.settled?.(this.status);
    audit.rename(effective.plan.pop);
    listen(effective.config?.settings.httpListen);
    windows(effective);
    probe(effective.plan.services.flatMap(({ checks }) => checks));
    if (effective.problems.length === 0) {
      problems.clear("configuration");
      const { config } = effective;
      for (const warning of config?.warnings ?? []) {
        this.#options.log.warn({ ...warning }, "configuration warning");
      }
      this.#keepSoon();
      return;
    }
    const standing = { file: "the one before", "last-good": "the last good one", none: "none" };
    const inForce = `in force: ${standing[effective.origin]}`;
    problems.report("configuration", [inForce, ...effective.problems].join("\n"));
  }

  #keepSoon(): void {
    this.#cancelKeep();
    this.#keeping = this.#keeping.then(() => this.#keep(this.#effective.config));
  }

  async #keep(config: LoadedConfig | undefined): Promise<void> {
    const { problems, stateDir, clock, keep = saveLastGood } = this.#options;
    if (config === undefined) return;
    try {
      await keep(stateDir, config);
      problems.clear("last-good-file");
    } catch (error) {
      problems.report("last-good-file", String(error));
      this.#cancelKeep();
      if (!this.#isStopped) this.#cancelKeep = clock.after(KEEP_AGAIN_MS, () => this.#keepSoon());
    }
  }

  #lookAgain(seen: string): void {
    const { clock, path, signature = configSignature } = this.#options;
    if (this.#effective.origin !== "none") return;
    this.#cancelLook = clock.after(LOOK_MS, () => {
      const now = signature(path);
      const isNew = now !== seen;
      // One that is under way may have read it before it was mended.
      const isTaken = isNew && this.reload({ actor: "agent", force: false }) !== "busy";
      this.#lookAgain(isTaken ? now : seen);
    });
  }
}
