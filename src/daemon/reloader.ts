/** Goes over to what the file says, or says why not: on SIGHUP, and by itself while there is no configuration. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ListenAddress } from "../config/listen.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { CheckPlan } from "../config/plan.ts";
import type { ConfigStatus } from "../control/protocol.ts";
import type { Actor } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { configStatus, readConfiguration, refusalText, type Effective } from "./configuration.ts";
import { saveLastGood } from "./last-good.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Problems } from "./problems.ts";

export interface ReloaderOptions {
  readonly path: string;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly loop: Loop;
  readonly problems: Problems;
  /** Probes these checks from now on. */
  readonly probe: (checks: readonly CheckPlan[]) => void;
  /** The PoP has this name from now on. */
  readonly pop: (pop: string) => void;
  /** Metrics and status are told there from now on. */
  readonly listen: (address: ListenAddress | undefined) => void;
  /** This is in force from now on, or why what was read is not. */
  readonly settled?: (status: ConfigStatus) => void;
  /** Keeps the maintenance windows of this configuration from now on. */
  readonly windows: (effective: Effective) => void;
}

/** How soon a mended file is noticed while there is no configuration at all. */
const LOOK_MS = 1000;

export class Reloader {
  readonly #options: ReloaderOptions;
  #effective: Effective;
  #cancelLook = () => {};

  constructor(effective: Effective, options: ReloaderOptions) {
    this.#effective = effective;
    this.#options = options;
    this.#settle(effective);
    if (effective.origin === "none") this.#lookAgain(this.#signature());
  }

  get pop(): string {
    return this.#effective.plan.pop;
  }

  get status(): ConfigStatus {
    return configStatus(this.#options.path, this.#effective);
  }

  reload(actor: Actor): void {
    const { path, loop, log } = this.#options;
    const before = this.#effective;
    const read = readConfiguration(path);
    if (!("plan" in read)) return this.#settle({ ...before, problems: read });
    const refusal = loop.dispatch({ type: "reload", plan: read.plan, actor, force: false });
    if (refusal !== undefined) {
      return this.#settle({ ...before, problems: [refusalText(refusal)] });
    }
    this.#settle({ origin: "file", config: read, plan: read.plan, problems: [] });
    log.info({ from: before.config?.hash, to: read.hash, actor }, "configuration reloaded");
    this.#warnOfRestart(before);
  }

  stop(): void {
    this.#cancelLook();
  }

  #settle(effective: Effective): void {
    const { problems, probe, pop, listen, windows } = this.#options;
    this.#effective = effective;
    this.#options.settled?.(this.status);
    pop(effective.plan.pop);
    listen(effective.config?.settings.httpListen);
    windows(effective);
    probe(effective.plan.services.flatMap(({ checks }) => checks));
    if (effective.problems.length === 0) {
      problems.clear("configuration");
      this.#applied(effective.config);
      return;
    }
    const standing = { file: "the one before", "last-good": "the last good one", none: "none" };
    const inForce = `in force: ${standing[effective.origin]}`;
    problems.report("configuration", [inForce, ...effective.problems].join("\n"));
  }

  #applied(config: LoadedConfig | undefined): void {
    const { problems, stateDir, log } = this.#options;
    if (config === undefined) return;
    for (const warning of config.warnings) log.warn({ ...warning }, "configuration warning");
    try {
      saveLastGood(stateDir, config);
      problems.clear("last-good-file");
    } catch (error) {
      problems.report("last-good-file", String(error));
    }
  }

  /** Settings that are read once. */
  #warnOfRestart(before: Effective): void {
    const { config } = this.#effective;
    const settings = config?.settings;
    const old = before.config?.settings;
    if (settings === undefined || old === undefined) return;
    const once = ["stateDir", "socketPath", "exabgp"] as const;
    const keys = once.filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(old[key]));
    if (keys.length > 0) this.#options.log.warn({ keys }, "changed settings need a restart");
  }

  #lookAgain(seen: string): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
      const now = this.#signature();
      if (now !== seen) this.reload("agent");
      if (this.#effective.origin === "none") this.#lookAgain(now);
    });
  }

  /** Changes whenever one of the files does. */
  #signature(): string {
    const folder = join(dirname(this.#options.path), "anyctl.d");
    let more: string[] = [];
    try {
      more = readdirSync(folder).map((name) => join(folder, name));
    } catch {
      // There need not be one.
    }
    return [this.#options.path, ...more]
      .map((path) => {
        const file = statSync(path, { throwIfNoEntry: false });
        return `${path} ${file?.ino} ${file?.size} ${file?.mtimeMs}`;
      })
      .join("\n");
  }
}
