/** What is said about reloads: `GET /v1/plan` and `POST /v1/reload`. */
import type { ReloadDiff } from "../core/diff.ts";
import type { Actor } from "../core/inputs.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** `GET /v1/plan`: all that `anyctl config diff` of the same version needs to decide as the agent would. */
export interface PlanAnswer {
  /** Of the agent. */
  readonly version: string;
  /** Of the configuration in force; empty when there is none. */
  readonly hash: string;
  readonly settings: Fingerprints;
  /** The moment of the snapshot, milliseconds on the agent's monotonic clock. */
  readonly nowMs: number;
  readonly snapshot: Snapshot;
}

/** Of settings, by their key in the file: equal where they are. */
export type Fingerprints = Readonly<Record<string, string>>;

/** Changed settings, by their key in the file. */
export interface SettingsDiff {
  /** Taken over by the reload. */
  readonly now: readonly string[];
  /** Read only at the start: the agent goes on with the old ones until it is restarted. */
  readonly atRestart: readonly string[];
}

/** The body of `POST /v1/reload`. */
export interface ReloadOrder {
  /** Even if more than half of what is announced is withdrawn. */
  readonly force: boolean;
  /** Name of a file in state-dir/drains whose owner is the actor. */
  readonly proof?: string;
}

/**
 * What a proof with this nonce says. It names the order: whoever may look into the folder could else use somebody's
 * proof, before they do, for a force that they did not ask for.
 */
export function proofText(nonce: string, force: boolean): string {
  return force ? `${nonce} force` : nonce;
}

/** What became of a reload; the word is also the reason of its audit record. */
export type ReloadOutcome = "reloaded" | "mass-withdrawal" | "invalid-configuration";

/** The answer to it. */
export interface ReloadAnswer {
  readonly outcome: ReloadOutcome;
  readonly actor: Actor;
  /** Hash of the configuration in force before; empty when there was none. */
  readonly from: string;
  /** Hash of what the file says; empty when it is invalid. In force only if reloaded. */
  readonly to: string;
  /** Why not, one line each. */
  readonly problems: readonly string[];
  /** What can be used and is unwise, one line each. */
  readonly warnings: readonly string[];
  readonly settings: SettingsDiff;
  /** What was changed, or would be; absent when the file is invalid. */
  readonly diff?: ReloadDiff;
}

/** In the status. */
export interface LastReload extends Pick<ReloadAnswer, "outcome" | "actor" | "from" | "to"> {
  /** RFC 3339. */
  readonly at: string;
}
