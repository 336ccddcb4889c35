/** A PoP on a booted Debian, with the package installed as an operator does it, and BIRD outside: what is done to it. */
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createHost,
  FAMILIES,
  type Host,
  PATIENCE,
  UNIT,
  waitForAgent,
  waitForRoutes,
} from "../test/host/host.ts";
import { findPackage } from "../test/host/image.ts";
import { configure, installPackage, stateOf, waitForStatus } from "../test/host/pop.ts";
import type { RouterEventKind } from "../test/lab/bird-log.ts";
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";

/** Its agent is ready to be blocked by SIGUSR2, for longer than anybody waits. */
const BLOCKER = fileURLToPath(new URL("../test/daemon/block-loop.js", import.meta.url));
const BLOCK_MS = 60_000;

/** Where ExaBGP's user may read, with an ending that makes it a module wherever it lies. */
const BLOCKER_PLACE = "/usr/local/lib/block-loop.mjs";
const BLOCKER_DROP_IN = `/etc/systemd/system/${UNIT}.d/block-loop.conf`;

export async function createFailurePop(): Promise<Host> {
  const deb = findPackage();
  const host = await createHost();
  try {
    // Debian's installer does so. Without it ExaBGP, which asks for its full name at each start, waits 5 s for a DNS.
    appendFileSync(host.machine.path("/etc/hosts"), `127.0.1.1 ${host.machine.name}\n`);
    await installPackage(host.machine, deb);
    await configure(host);
    await settle(host);
    return host;
  } catch (error) {
    await host.remove();
    throw error;
  }
}

/** Waits until everything is announced and acknowledged, and the machine has nothing left to do. */
export async function settle(host: Host): Promise<void> {
  await waitForRoutes(host);
  await waitForStatus(
    host,
    "the service up, and its routes acknowledged",
    (status) =>
      stateOf(status) === "up" &&
      status.services.every(({ routes }) => routes.every(({ answer }) => answer === "done")),
  );
}

/** Another ExaBGP, for which no death of an agent has been counted. */
export async function renewExabgp(host: Host): Promise<void> {
  await host.machine.must(["systemctl", "restart", UNIT]);
  await settle(host);
}

/** From the next ExaBGP on the agent has `BLOCKER` loaded, or not any more. */
export async function setBlockable({ machine }: Host, wanted: boolean): Promise<void> {
  const dropIn = machine.path(BLOCKER_DROP_IN);
  if (wanted) {
    cpSync(BLOCKER, machine.path(BLOCKER_PLACE));
    mkdirSync(machine.path(`/etc/systemd/system/${UNIT}.d`), { recursive: true });
    const environment = `NODE_OPTIONS=--import=${BLOCKER_PLACE} BLOCK_MS=${BLOCK_MS}`;
    writeFileSync(dropIn, `[Service]\nEnvironment=${environment}\n`);
  } else await machine.must(["rm", BLOCKER_DROP_IN]);
  await machine.must(["systemctl", "daemon-reload"]);
}

/** @returns Just before it, as BIRD's log counts: by the wall clock, rounded down to a millisecond. */
export function strike(pid: number, signal: NodeJS.Signals): number {
  const atMs = Date.now();
  process.kill(pid, signal);
  return atMs;
}

export async function exabgpPid({ machine }: Host): Promise<number> {
  return machine.mainPid(UNIT);
}

export const agentPid = waitForAgent;

/** When the last of the families had it happen for the first time since then, in BIRD's log. */
export async function heardMs(host: Host, kind: RouterEventKind, sinceMs: number): Promise<number> {
  return Math.max(...(await heardEach(host, kind, sinceMs)));
}

/** How long before its session closed each family's prefix was withdrawn, the shorter; less than 0: after it. */
export async function leadMs(host: Host, sinceMs: number): Promise<number> {
  const withdrawn = await heardEach(host, "withdrawn", sinceMs);
  const closed = await heardEach(host, "session-down", sinceMs);
  return Math.min(...closed.map((atMs, nth) => atMs - (withdrawn[nth] ?? Number.NaN)));
}

function heardEach({ transit }: Host, kind: RouterEventKind, sinceMs: number): Promise<number[]> {
  return Promise.all(
    FAMILIES.map(async (family) => {
      const prefix = ANYCAST[family].prefix;
      const fits = { session: POP_SESSION[family], kind };
      const event = await transit.waitForEvent(
        kind.startsWith("session-") ? fits : { ...fits, prefix },
        { ...PATIENCE, sinceMs },
      );
      return event.atMs;
    }),
  );
}

/** What runs in the machine, one line. */
export async function describePop({ machine }: Host): Promise<string> {
  const anyctl = (await machine.must(["anyctl", "version"])).trim();
  const show = "${Package} ${Version}\n";
  const packages = await machine.must([
    "dpkg-query",
    `--show`,
    `--showformat=${show}`,
    "exabgp",
    "systemd",
  ]);
  return `In the machine: ${anyctl}, ${packages.trim().split("\n").join(", ")}`;
}
