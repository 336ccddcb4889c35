/** A PoP on a whole Debian host: a machine, and its transit router on the other side of the cable. */
import assert from "node:assert/strict";
import { addressPlan } from "../lab/addresses.ts";
import type { Router } from "../lab/bird.ts";
import { createLab, type Lab } from "../lab/lab.ts";
import { ANYCAST, SERVICE } from "../lab/pop.ts";
import { childrenOf } from "../lab/process.ts";
import { buildSite, POP_SESSION, startTransit } from "../lab/region.ts";
import { waitUntil, type WaitOptions } from "../lab/wait.ts";
import { findImage } from "./image.ts";
import { createMachine, type Machine } from "./machine.ts";

export interface Host {
  readonly lab: Lab;
  readonly machine: Machine;
  /** Its sessions with the machine are `POP_SESSION`. */
  readonly transit: Router;
  readonly remove: () => Promise<void>;
}

/** The unit that everything is about. */
export const UNIT = "exabgp.service";

/** Starting ExaBGP, a session and three passes take seconds on a busy machine. Nothing is measured here. */
export const PATIENCE: WaitOptions = { deadlineMs: 90_000 };

export const FAMILIES = ["ipv4", "ipv6"] as const;

/** A booted machine with cable and addresses, nginx running and ExaBGP not configured. Removes everything when it fails half way. */
export async function createHost(): Promise<Host> {
  const image = await findImage();
  const lab = createLab();
  try {
    const site = await buildSite(lab, { index: 1, name: "fra", hasClient: false });
    const machine = createMachine(lab, site.popNamespace, { name: "fra1", image });
    const [transit] = await Promise.all([startTransit(lab, site, []), machine.boot()]);
    return { lab, machine, transit, remove: () => lab.remove() };
  } catch (error) {
    await lab.remove();
    throw error;
  }
}

/** What `anyctl init` is told: one service with a prefix of each family, checked at nginx. */
export function initFlags(): string[] {
  const { popAs, transitAs, transit, pop } = addressPlan(1);
  return [
    "--force",
    "--preset=generic",
    "--scope=local",
    `--service=${SERVICE}`,
    "--check=systemd:nginx.service",
    `--local-as=${popAs}`,
    `--peer-as=${transitAs}`,
    ...FAMILIES.flatMap((family) => [
      `--prefix=${ANYCAST[family].prefix}`,
      `--check=${ANYCAST[family].url}`,
      `--peer=${transit[family]}`,
      `--local-address=${pop[family]}`,
    ]),
  ];
}

/** The agent below ExaBGP, as this host numbers it; waits for one `otherThan` that. */
export async function waitForAgent(
  { machine }: Host,
  { otherThan }: { readonly otherThan?: number } = {},
): Promise<number> {
  return waitUntil(
    "an agent",
    async () => {
      const exabgp = await machine.mainPid(UNIT).catch(() => undefined);
      const pid = exabgp === undefined ? undefined : childrenOf(exabgp)[0];
      return pid === otherThan ? undefined : pid;
    },
    PATIENCE,
  );
}

/** Resolves when the router has the prefix of every family from the machine. */
export async function waitForRoutes({ transit }: Host, options = PATIENCE): Promise<void> {
  for (const family of FAMILIES) {
    await transit.waitForRoute(ANYCAST[family].prefix, POP_SESSION[family], options);
  }
}

/** Resolves when the router has the prefix of no family from the machine. */
export async function waitForNoRoutes({ transit }: Host, options = PATIENCE): Promise<void> {
  for (const family of FAMILIES) {
    await transit.waitForNoRoute(ANYCAST[family].prefix, POP_SESSION[family], options);
  }
}

/** What the router has heard from the machine, as `session kind [prefix]`, in its own order. */
export function heard({ transit }: Host, sinceMs: number): string[] {
  return transit
    .events()
    .filter(({ atMs }) => atMs >= sinceMs)
    .map(({ session, kind, prefix = "" }) => `${session} ${kind} ${prefix}`.trim());
}

/**
 * That the sessions closed after the routes of their family had been withdrawn, and not with them.
 *
 * @param events What was heard, from before the stop on.
 */
export function assertLeftInOrder(events: readonly string[]): void {
  for (const family of FAMILIES) {
    const session = POP_SESSION[family];
    const own = events.filter((it) => it.startsWith(`${session} `));
    const left = [`${session} withdrawn ${ANYCAST[family].prefix}`, `${session} session-down`];
    // A session that ends takes its routes along, which BIRD tells of as withdrawals: those come after it.
    assert.deepEqual(own.slice(0, 2), left, `the last words on ${session}`);
  }
}

/** Nothing at all came over the wire. */
export function assertQuiet(host: Host, sinceMs: number): void {
  assert.deepEqual(heard(host, sinceMs), [], "nothing on the wire");
}
