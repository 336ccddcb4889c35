/** What the control API says and does about reloads. */
import { join } from "node:path";
import { concealPlan, fingerprintSettings } from "../config/fingerprint.ts";
import type { PlanAnswer, ReloadAnswer, ReloadOrder } from "../control/reload-protocol.ts";
import { takeSnapshot } from "../core/snapshot.ts";
import type { Clock } from "./clock.ts";
import type { Loop } from "./loop.ts";
import { actorOfProof } from "./proof.ts";
import type { Reloader } from "./reloader.ts";

export class Reloading {
  readonly #reloader: Reloader;
  readonly #loop: Loop;
  readonly #version: string;
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(reloader: Reloader, loop: Loop, version: string, stateDir: string, clock: Clock) {
    this.#reloader = reloader;
    this.#loop = loop;
    this.#version = version;
    this.#folder = join(stateDir, "drains");
    this.#clock = clock;
  }

  plan(): PlanAnswer {
    const { config } = this.#reloader;
    const { state } = this.#loop;
    return {
      version: this.#version,
      hash: config?.hash ?? "",
      settings: fingerprintSettings(config?.settings),
      nowMs: this.#clock.nowMs(),
      snapshot: takeSnapshot(state, concealPlan(state.index.plan)),
    };
  }

  reload({ force, proof }: ReloadOrder): Promise<ReloadAnswer> | "busy" {
    const actor = actorOfProof(this.#folder, { force, proof }, this.#clock.wallMs());
    return this.#reloader.reload({ actor, force });
  }
}
