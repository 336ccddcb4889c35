/** A PoP whose session is lost while its services fail and recover, each in its own way. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { createMiniLab, type MiniLab, type MiniLabOptions } from "../lab/mini-lab.ts";
import { POP_SESSION } from "../lab/region.ts";
import { manyPrefixes, switchedConfig, switchOff, switchOn } from "../lab/switches.ts";
import { waitUntil } from "../lab/wait.ts";
import { PATIENCE, stateOf, waitForStatus } from "../wire/fixtures.ts";

/** Shorter ones are lost when the machine is busy with other tests. */
const HOLD_S = 6;

export const SESSION = POP_SESSION.ipv4;

/** What becomes of each service: the first state before, the others while the session is lost. */
const STORIES = {
  stays: ["up"],
  dies: ["up", "down"],
  recovers: ["down", "up"],
  blinks: ["up", "down", "up"],
  flickers: ["down", "up", "down"],
  leaves: ["up", "drained"],
  away: ["drained"],
} as const satisfies Record<string, readonly ("up" | "down" | "drained")[]>;

export type Name = keyof typeof STORIES;

export const NAMES = Object.keys(STORIES) as Name[];

const PREFIXES = manyPrefixes("ipv4", NAMES.length);

export function prefixesOf(names: readonly Name[]): Set<string> {
  return new Set(names.map(prefixOf));
}

function prefixOf(name: Name): string {
  return PREFIXES[NAMES.indexOf(name)] ?? "";
}

const lastOf = (name: Name): string => STORIES[name].at(-1) ?? "";
const stateAt = (name: Name, step: number): string => STORIES[name][step] ?? lastOf(name);
const STEPS = Math.max(...NAMES.map((name) => STORIES[name].length));

/** Those that are announced when all stories are over. */
export const UP_AT_LAST = NAMES.filter((name) => lastOf(name) === "up");

export interface SessionLab {
  readonly mini: MiniLab;
  /** Everything as at the beginning of the stories, at the router too. */
  reset(): Promise<void>;
  /** The rest of the stories: each step is ordered when the agent has decided about the one before. */
  tell(): Promise<void>;
  /** Has a service fail or recover, whichever it did not do last. */
  toggle(name: Name): void;
  set(name: Name, isUp: boolean): void;
  /** Waits until the router has exactly the prefixes of these. */
  waitForTable(names: readonly Name[]): Promise<void>;
  /** Waits until the router has lost the session. @param sinceMs Wall clock. */
  lost(sinceMs: number): Promise<void>;
  /** The prefixes that the router heard to be announced from some moment on. @param sinceMs Wall clock. */
  announcedSince(sinceMs: number): Set<string>;
}

/** Resolves when the session is up. @param folder Of the switches; readable by everybody. */
export async function createSessionLab(
  folder: string,
  options: Pick<MiniLabOptions, "agent" | "exabgpEnv"> = {},
): Promise<SessionLab> {
  const services = NAMES.map((name) => ({ name, prefixes: [prefixOf(name)], med: 100 }));
  const mini = await createMiniLab({
    ...options,
    families: ["ipv4"],
    config: switchedConfig(folder, services),
    startsWeb: false,
    editExabgpConfig: (text) => text.replaceAll("hold-time 30;", `hold-time ${HOLD_S};`),
  });
  const { pop, transit } = mini;
  await transit.waitForSession(SESSION, PATIENCE);
  const on = new Set<Name>();
  const drained = new Set<Name>();

  async function order(name: Name, state: string): Promise<void> {
    if (state !== "drained") return lab.set(name, state === "up");
    if (drained.has(name)) return;
    // Its checks pass: it is the drain alone that keeps it back, and a clock that is set later does not end that.
    lab.set(name, true);
    const end = name === "away" ? ["--for", "30m"] : [];
    const { status, stderr } = await pop.anyctl("drain", name, ...end, "--reason", "a test");
    assert.equal(status, 0, stderr);
    drained.add(name);
  }

  async function take(step: number): Promise<void> {
    await Promise.all(NAMES.map((name) => order(name, stateAt(name, step))));
    await waitForStatus(pop, `step ${step}`, (status) =>
      NAMES.every((name) => stateOf(status, name) === stateAt(name, step)),
    );
  }

  async function table(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const prefix of PREFIXES) {
      if ((await transit.routes(prefix)).length > 0) found.add(prefix);
    }
    return found;
  }

  const lab: SessionLab = {
    mini,
    async reset() {
      await pop.anyctl("undrain", "leaves");
      drained.delete("leaves");
      await take(0);
      await lab.waitForTable(NAMES.filter((name) => stateAt(name, 0) === "up"));
    },
    async tell() {
      for (let step = 1; step < STEPS; step += 1) await take(step);
    },
    toggle: (name) => lab.set(name, !on.has(name)),
    set(name, isUp) {
      if (isUp === on.has(name)) return;
      if (isUp) on.add(name);
      else on.delete(name);
      if (isUp) switchOn(folder, name);
      else switchOff(folder, name);
    },
    async waitForTable(names) {
      const wanted = prefixesOf(names);
      await waitUntil(
        `the routes of ${names.join(", ")}`,
        async () => (isDeepStrictEqual(await table(), wanted) ? true : undefined),
        { ...PATIENCE, everyMs: 100, hint: transit.logFile },
      );
    },
    async lost(sinceMs) {
      const event = { session: SESSION, kind: "session-down" } as const;
      await transit.waitForEvent(event, { ...PATIENCE, sinceMs });
    },
    announcedSince(sinceMs) {
      const heard = transit
        .events()
        .filter(({ atMs, kind }) => atMs >= sinceMs && /^(announced|repeated)$/.test(kind));
      return new Set(heard.map(({ prefix = "" }) => prefix));
    },
  };
  return lab;
}
