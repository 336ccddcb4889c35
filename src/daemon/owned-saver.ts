/** When owned.json is written: before announcements, behind withdrawals, and so that no disk holds up the loop twice. */
import type { RouteState } from "../core/routes.ts";
import type { Clock } from "./clock.ts";
import type { OwnedFile } from "./owned.ts";
import type { Problems } from "./problems.ts";

/** Withdrawals that are written or end within this time are in owned.json together; the first of them at once. */
const DELAY_MS = 20;

/** What is written for all prefixes because of a few rests so many times as long as it took the loop. */
const REST = 25;

export interface OwnedSaverOptions {
  readonly clock: Clock;
  readonly owned: Pick<OwnedFile, "save" | "saveAside">;
  readonly problems: Pick<Problems, "report" | "clear">;
  readonly routes: () => ReadonlyMap<string, RouteState>;
  /** Called before what `soon` has planned. */
  readonly before: () => void;
}

export class OwnedSaver {
  readonly #options: OwnedSaverOptions;
  #isPlanned = false;
  /** The disk has not answered yet: nothing else is written until it has. */
  #saving: Promise<void> | undefined;
  #isStale = false;
  #hasFailed = false;
  #beganMs = -Infinity;
  #restMs = DELAY_MS;

  constructor(options: OwnedSaverOptions) {
    this.#options = options;
  }

  /** At once, unless the disk is still busy: an announcement does not wait for one that hangs. */
  now(): void {
    if (this.#saving !== undefined) {
      this.#isStale = true;
      return;
    }
    const { owned, clock, routes } = this.#options;
    this.#beganMs = clock.nowMs();
    try {
      owned.save(routes());
      this.#saved(undefined);
    } catch (error) {
      this.#saved(String(error));
    }
    this.#rest();
  }

  /** Behind the lines, beside the loop, and not for each of a thousand services that die one after another. */
  soon(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const { clock, before } = this.#options;
    const isFirst = clock.nowMs() - this.#beganMs > this.#restMs;
    clock.after(isFirst ? 0 : this.#restMs, () => {
      this.#isPlanned = false;
      before();
      void this.#aside();
    });
  }

  /** The disk may have room again, and no route may change for days. */
  retry(): void {
    if (this.#hasFailed) void this.#aside();
  }

  /** Resolves when the file knows all, or cannot. */
  async last(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
    await this.#aside();
  }

  /** A loop that waits seconds for a disk is one that the dead-man's switch ends, with every route of the PoP. */
  async #aside(): Promise<void> {
    if (this.#saving !== undefined) {
      this.#isStale = true;
      return;
    }
    const { owned, clock, routes } = this.#options;
    this.#beganMs = clock.nowMs();
    this.#isStale = false;
    const saving = owned.saveAside(routes());
    this.#rest();
    this.#saving = saving.then(
      () => this.#saved(undefined),
      (error: unknown) => this.#saved(String(error)),
    );
    await this.#saving;
    this.#saving = undefined;
    if (this.#isStale) await this.#aside();
  }

  #saved(problem: string | undefined): void {
    const { problems } = this.#options;
    this.#hasFailed = problem !== undefined;
    if (problem === undefined) problems.clear("owned-file");
    else problems.report("owned-file", problem);
  }

  #rest(): void {
    const tookMs = this.#options.clock.nowMs() - this.#beganMs;
    this.#restMs = Math.max(DELAY_MS, REST * tookMs);
  }
}
