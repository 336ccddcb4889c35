/** A folder of orders in memory, seen as `OrderFolder` sees one on disk, with the same reading of its files. */
import type { Drain, Pin, Undrain } from "../../src/core/inputs.ts";
import type { OrderFolders } from "../../src/daemon/orders.ts";
import type { OrderFolderOptions } from "../../src/daemon/order-folder.ts";
import type { OrderFile } from "../../src/daemon/order-file.ts";
import type { Seen } from "../../src/daemon/order-times.ts";
import type { Host } from "./disk.ts";
import type { Being, World } from "./world.ts";

/** Half of what is promised: inotify takes milliseconds, and reading a folder some more. */
const SEEN_MS = 50;

const MARKER = "/run/anyctl/exabgp-life";

export class Folders {
  readonly #world: World;
  readonly #host: Host;
  readonly #being: Being;
  /** Looks at one folder, by its path. */
  readonly #looks = new Map<string, () => void>();

  constructor(world: World, host: Host, being: Being) {
    this.#world = world;
    this.#host = host;
    this.#being = being;
  }

  /** An operator has done something in `folder`. */
  changed(folder: string): void {
    const look = this.#looks.get(folder);
    if (look !== undefined) this.#world.after(SEEN_MS, look, this.#being);
  }

  get seam(): OrderFolders {
    return {
      make: () => undefined,
      prepareTransient: (socketPath, _stateDir, life) => {
        const folder = socketPath.replace(/[^/]*$/, "drains");
        if (this.#host.files.get(MARKER) !== life) this.#host.folder(folder).clear();
        this.#host.files.set(MARKER, life);
        return { folder, problem: undefined };
      },
      open: (options) => this.#open(options),
      isMissing: () => false,
    };
  }

  #open<T extends Drain | Pin>({ folder, format, clock, changed }: OrderFolderOptions<T>) {
    const files = this.#host.folder(folder);
    const seen = new Map<OrderFile, Seen>();
    let told = "";
    const look = (): void => {
      const orders: T[] = [];
      const ends: Undrain[] = [];
      for (const [name, file] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const at = seen.get(file) ?? {
          nowMs: clock.nowMs(),
          wallMs: clock.wallMs(),
          changedMs: file.changedMs,
        };
        seen.set(file, at);
        const reading = format.read(file, name, at);
        if (reading.kind === "order") orders.push(reading.order);
        if (reading.kind !== "end") continue;
        ends.push(reading.end);
        files.delete(name);
      }
      const text = JSON.stringify(orders);
      if (text === told && ends.length === 0) return;
      told = text;
      changed(orders, ends);
    };
    return {
      folder,
      start: (): Promise<void> => {
        this.#looks.set(folder, look);
        look();
        return Promise.resolve();
      },
      stop: () => void this.#looks.delete(folder),
      expire: (service: string) => {
        const file = files.get(service);
        if (file === undefined || !seen.has(file)) return;
        files.delete(service);
        this.changed(folder);
      },
    };
  }
}
