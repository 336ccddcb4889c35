/** `owned.json`: every prefix that was announced and has not surely been withdrawn. */
import { join } from "node:path";
import { normalizeRoute, type Route } from "exabgp-ts-bridge";
import type { OwnedRoute, RouteState } from "../core/routes.ts";
import { type Disk, SYSTEM_DISK } from "./disk.ts";
import { codeOf, isObject, parseObject } from "./untrusted.ts";

/** The file as it is written. `life` names the ExaBGP that was told; another one holds nothing of ours. */
interface OwnedFileContent {
  readonly life: string;
  readonly owned: readonly OwnedRoute[];
}

export class OwnedFile {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #life: string;
  #saved = "";
  /** Of ten thousand routes it takes 40 ms, and few of them change between two times. */
  readonly #texts = new WeakMap<OwnedRoute, string>();

  constructor(stateDir: string, life: string, disk = SYSTEM_DISK) {
    this.#path = join(stateDir, "owned.json");
    this.#disk = disk;
    this.#life = life;
  }

  /**
   * What earlier lives of the agent under the same ExaBGP announced, by canonical prefix.
   *
   * @param problem Called when there is a file that cannot be used; it is moved aside, not lost.
   */
  load(problem: (detail: string) => void): Map<string, OwnedRoute> {
    let text: string;
    try {
      text = this.#disk.read(this.#path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") problem(String(error));
      return new Map();
    }
    try {
      const { life, owned } = parse(text);
      return life === this.#life ? new Map(owned.map((one) => [one.route.prefix, one])) : new Map();
    } catch (error) {
      problem(`Cannot use "${this.#path}", moved to owned.json.bad: ${String(error)}`);
      try {
        this.#disk.moveAside(this.#path);
      } catch {
        // On a read-only disk it stays where it is.
      }
      return new Map();
    }
  }

  /**
   * Writes what is owned in `routes`, if it differs from what was last written. The file must know of a route
   * before ExaBGP does. It need not survive a power failure, because ExaBGP does not either: nothing is synced.
   *
   * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken.
   */
  save(routes: ReadonlyMap<string, RouteState>): void {
    const text = this.#textFor(routes);
    if (text === this.#saved) return;
    this.#disk.replaceNow(this.#path, text, 0o640);
    this.#saved = text;
  }

  /** The same beside the event loop: a disk may take seconds. Nothing else may be saved meanwhile. */
  async saveAside(routes: ReadonlyMap<string, RouteState>): Promise<void> {
    const text = this.#textFor(routes);
    if (text === this.#saved) return;
    await this.#disk.replaceSoon(this.#path, text, 0o640);
    this.#saved = text;
  }

  #textFor(routes: ReadonlyMap<string, RouteState>): string {
    const owned: string[] = [];
    for (const { owned: one, told } of routes.values()) {
      if (one === undefined) continue;
      const entry = this.#textOf(one);
      owned.push(told === "withdrawn" ? `${entry.slice(0, -1)},"isWithdrawn":true}` : entry);
    }
    return `{"life":${JSON.stringify(this.#life)},"owned":[${owned.join(",")}]}\n`;
  }

  #textOf(one: OwnedRoute): string {
    const known = this.#texts.get(one);
    if (known !== undefined) return known;
    // An earlier life's word about the withdrawal is in `told` by now.
    const { isWithdrawn: _, ...rest } = one;
    const text = JSON.stringify(rest);
    this.#texts.set(one, text);
    return text;
  }
}

function parse(text: string): OwnedFileContent {
  const { life, owned } = parseObject(text);
  if (typeof life !== "string" || !Array.isArray(owned)) {
    throw new TypeError("it is not {life, owned}");
  }
  const routes = owned.map((one: unknown): OwnedRoute => {
    if (!isObject(one) || !isObject(one["route"]) || !Array.isArray(one["services"])) {
      throw new TypeError("an entry is not {route, services}");
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `normalizeRoute` refuses whatever is not a route
    const route = normalizeRoute(one["route"] as unknown as Route);
    const shared = one["shared"] === "any" ? "any" : "all";
    const isWithdrawn = one["isWithdrawn"] === true;
    return {
      route,
      services: one["services"].map(String),
      shared,
      ...(isWithdrawn && { isWithdrawn }),
    };
  });
  return { life, owned: routes };
}
