/** Drains and pins from where they come: two folders of drains, maintenance windows, a folder of pins. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Drain, Expiry, Input, Pin, Undrain } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { drainFormat } from "./drain-file.ts";
import type { Log } from "./log.ts";
import { OrderFolder, type OrderFolderOptions } from "./order-folder.ts";
import { PIN_FORMAT } from "./pin-file.ts";
import type { ProblemKind, Problems } from "./problems.ts";
import { makeStateFolder } from "./state-folder.ts";
import { prepareTransientFolder, type TransientFolder } from "./transient-folder.ts";

type Folder<T extends Drain | Pin> = Pick<OrderFolder<T>, "folder" | "start" | "stop" | "expire">;

/** Where folders of orders are. */
export interface OrderFolders {
  /** @returns See `makeStateFolder`. */
  readonly make: (folder: string) => string | undefined;
  /** See `prepareTransientFolder`. */
  readonly prepareTransient: (
    socketPath: string,
    stateDir: string,
    life: string,
  ) => TransientFolder;
  readonly open: <T extends Drain | Pin>(options: OrderFolderOptions<T>) => Folder<T>;
  /** Not so where nobody may look. */
  readonly isMissing: (folder: string) => boolean;
}

const SYSTEM_FOLDERS: OrderFolders = {
  make: makeStateFolder,
  prepareTransient: prepareTransientFolder,
  open: (options) => new OrderFolder(options),
  isMissing,
};

export interface OrdersOptions {
  readonly stateDir: string;
  readonly socketPath: string;
  /** Names the ExaBGP above this agent. */
  readonly life: string;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn">;
  readonly problems: Pick<Problems, "report" | "state">;
  /** All that stands, whenever that changes. */
  readonly dispatch: (input: Extract<Input, { type: "drains" | "pins" }>) => void;
  /** By default those of the file system. */
  readonly folders?: OrderFolders;
}

type Kinds = Readonly<Record<"unreadable" | "odd", ProblemKind>>;

const STATE_KINDS: Kinds = { unreadable: "drain-folder", odd: "drain-files" };
const TRANSIENT_KINDS: Kinds = { unreadable: "transient-folder", odd: "transient-files" };
const PIN_KINDS: Kinds = { unreadable: "pin-folder", odd: "pin-files" };

export class Orders {
  readonly #options: OrdersOptions;
  readonly #folders: OrderFolders;
  readonly #stateDrains: Folder<Drain>;
  readonly #pinFolder: Folder<Pin>;
  /** undefined until the folder in state-dir has been read for the first time. */
  #standing: readonly Drain[] | undefined;
  /** undefined as long as there is a folder that has not been read. */
  #transient: readonly Drain[] | undefined = [];
  #windows: readonly Drain[] = [];
  #pins: readonly Pin[] = [];
  /** Holds that were to be cleared before there was anything to decide. */
  readonly #earlyClears: Undrain[] = [];
  /** Before, nothing is decided that a record could be of. */
  #isStarted = false;
  #transientDrains: Folder<Drain> | undefined;
  #warned: ReadonlySet<string> = new Set();

  /** Makes the folders in state-dir where they are missing. */
  constructor(options: OrdersOptions) {
    const { stateDir, clock, problems } = options;
    this.#options = options;
    this.#folders = options.folders ?? SYSTEM_FOLDERS;
    const folderOf = (name: string): string => {
      const folder = join(stateDir, name);
      const problem = this.#folders.make(folder);
      if (problem !== undefined) problems.report("state-dir", problem);
      return folder;
    };
    this.#stateDrains = this.#folders.open({
      folder: folderOf("drains"),
      format: drainFormat(false),
      clock,
      changed: (drains, ends) => {
        this.#standing = drains;
        this.#tellDrains(ends);
      },
      problem: this.#saying(STATE_KINDS),
    });
    this.#pinFolder = this.#folders.open({
      folder: folderOf("pins"),
      format: PIN_FORMAT,
      clock,
      changed: (pins, unpins) => {
        this.#pins = pins;
        this.#logEarly("pin", unpins);
        options.dispatch({ type: "pins", pins, unpins });
      },
      problem: this.#saying(PIN_KINDS),
    });
  }

  /** undefined while nobody could read all. */
  get drains(): readonly Drain[] | undefined {
    return this.#areComplete ? this.#known : undefined;
  }

  get #known(): readonly Drain[] {
    return [...(this.#standing ?? []), ...(this.#transient ?? []), ...this.#windows];
  }

  get #areComplete(): boolean {
    return this.#standing !== undefined && this.#transient !== undefined;
  }

  /**
   * Empties the transient folder under a new ExaBGP; to be called when the folder of the socket has been made.
   * Resolves after the first try to read all folders.
   */
  async start(): Promise<void> {
    this.#transientDrains = this.#prepareTransient();
    if (this.#transientDrains !== undefined) this.#transient = undefined;
    await Promise.all([
      this.#stateDrains.start(),
      this.#transientDrains?.start(),
      this.#pinFolder.start(),
    ]);
    const folder = this.#transientDrains?.folder;
    // In a folder that could not even be made, nobody has put a drain.
    if (this.#transient === undefined && folder !== undefined && this.#folders.isMissing(folder)) {
      this.#transient = [];
    }
    this.#isStarted = true;
  }

  /** For the first time, behind the first decisions, which knew of drains only if all could be read. */
  tell(): void {
    if (!this.#areComplete || this.#earlyClears.length > 0) this.#tellDrains(this.#earlyClears);
    this.#options.dispatch({ type: "pins", pins: this.#pins, unpins: [] });
  }

  stop(): void {
    this.#stateDrains.stop();
    this.#transientDrains?.stop();
    this.#pinFolder.stop();
  }

  #prepareTransient(): Folder<Drain> | undefined {
    const { stateDir, socketPath, life, clock, problems } = this.#options;
    const { folder, problem } = this.#folders.prepareTransient(socketPath, stateDir, life);
    if (problem !== undefined) problems.report("transient-emptying", problem);
    if (folder === undefined) return undefined;
    return this.#folders.open({
      folder,
      format: drainFormat(true),
      clock,
      changed: (drains, ends) => {
        this.#transient = drains;
        this.#tellDrains(ends);
      },
      problem: this.#saying(TRANSIENT_KINDS),
    });
  }

  #saying(kinds: Kinds): (text: string | undefined, kind: keyof Kinds) => void {
    return (text, kind) => this.#options.problems.state(kinds[kind], text);
  }

  /** @param drains Of all maintenance windows that are open now. */
  setWindows(drains: readonly Drain[]): void {
    this.#windows = drains;
    this.#tellDrains([]);
  }

  /** The core says that an order is over: its file is to go. */
  expired({ order, service, transient }: Expiry): void {
    if (order === "pin") this.#pinFolder.expire(service);
    else if (transient) this.#transientDrains?.expire(service);
    else this.#stateDrains.expire(service);
  }

  #tellDrains(undrains: readonly Undrain[]): void {
    const drains = this.#known;
    this.#logEarly("drain", undrains);
    this.#options.dispatch({ type: "drains", drains, undrains, isPartial: !this.#areComplete });
    this.#warn(drains);
  }

  #logEarly(order: "drain" | "pin", ends: readonly Undrain[]): void {
    if (this.#isStarted) return;
    this.#earlyClears.push(...ends.filter(({ clearsHold }) => clearsHold === true));
    for (const end of ends) this.#options.log.info({ ...end }, `${order} ended while no agent ran`);
  }

  /** Once for each, behind the routes. */
  #warn(drains: readonly Drain[]): void {
    const warned = new Set<string>();
    for (const { service, transient, by, problem } of drains) {
      if (problem === undefined) continue;
      const key = JSON.stringify([service, transient, problem]);
      if (!this.#warned.has(key)) {
        this.#options.log.warn({ service, transient, by, problem }, "drain file has a problem");
      }
      warned.add(key);
    }
    this.#warned = warned;
  }
}

function isMissing(folder: string): boolean {
  try {
    return lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
