/** What the tests at a real router have in common. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemTimers } from "../../checks/timers.ts";
import { AgentUnreachable, getStatus } from "../../src/control/client.ts";
import type { Status } from "../../src/control/protocol.ts";
import { StatusSchema } from "../../src/control/status-schema.ts";
import type { AuditLine } from "../lab/audit-line.ts";
import { exabgpProgram } from "../lab/exabgp-program.ts";
import type { MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST, type Pop } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import { waitUntil, type WaitOptions } from "../lab/wait.ts";

export const FAMILIES = ["ipv4", "ipv6"] as const;

/**
 * Starting ExaBGP, a session and three passes take seconds on a busy machine; an ExaBGP that was refused for a while
 * calls again after up to a minute. Nothing is measured here.
 */
export const PATIENCE: WaitOptions = { deadlineMs: 90_000 };

/** Resolves when the router has the prefix of every family from the PoP. */
export async function waitForRoutes({ transit }: MiniLab): Promise<void> {
  for (const family of FAMILIES) {
    await transit.waitForRoute(ANYCAST[family].prefix, POP_SESSION[family], PATIENCE);
  }
}

/** Resolves when the router has the prefix of no family from the PoP. */
export async function waitForNoRoutes({ transit }: MiniLab): Promise<void> {
  for (const family of FAMILIES) {
    await transit.waitForNoRoute(ANYCAST[family].prefix, POP_SESSION[family], PATIENCE);
  }
}

export async function waitForSessions({ transit }: MiniLab): Promise<void> {
  for (const family of FAMILIES) await transit.waitForSession(POP_SESSION[family], PATIENCE);
}

/**
 * Everything that the router has heard from the PoP about routes, as `session kind prefix`. The order within a
 * session is the wire's; the sessions stand one after the other.
 */
export function updates({ transit }: MiniLab, sinceMs = 0): string[] {
  return transit
    .events()
    .filter(({ atMs, prefix }) => atMs >= sinceMs && prefix !== undefined)
    .filter(({ session }) => session === POP_SESSION.ipv4 || session === POP_SESSION.ipv6)
    .toSorted((a, b) => a.session.localeCompare(b.session))
    .map(({ session, kind, prefix }) => `${session} ${kind} ${prefix}`);
}

/** What the agent says of itself; undefined while it does not answer. */
export async function readStatus(pop: Pop): Promise<Status | undefined> {
  try {
    const status = await getStatus(join(pop.folder, "run", "agent.sock"), 5000, systemTimers);
    // With sessions, echoes and answers of a real ExaBGP: what docs/status.schema.json promises.
    StatusSchema.parse(status);
    // What passes here is said of the ExaBGP that was meant; until that has answered, there is none.
    const { version } = await exabgpProgram();
    assert.equal(status.exabgp.version ?? version, version);
    return status;
  } catch (error) {
    if (error instanceof AgentUnreachable) return undefined;
    throw error;
  }
}

/** Waits for the agent, `otherThan` that pid, to say something that fits. */
export function waitForStatus(
  pop: Pop,
  what: string,
  fits: (status: Status) => boolean,
): Promise<Status> {
  return waitUntil(
    what,
    async () => {
      const seen = await readStatus(pop);
      return seen !== undefined && fits(seen) ? seen : undefined;
    },
    { ...PATIENCE, everyMs: 100, hint: pop.exabgp.agentLogFile },
  );
}

/** The state of one service. */
export function stateOf(status: Status, service: string): string | undefined {
  return status.services.find(({ name }) => name === service)?.state;
}

/** Waits until the last decision about `service` is in the audit and fits; routes come before records. */
export function waitForDecision(
  pop: Pop,
  fits: Partial<AuditLine>,
  service: string | null = "web",
): Promise<AuditLine> {
  return waitUntil(
    `a decision with ${JSON.stringify(fits)}`,
    () => {
      const last = pop.audit().findLast((line) => (line.service ?? null) === service);
      const entries = Object.entries(fits);
      return last !== undefined && entries.every(([key, value]) => last[key] === value)
        ? last
        : undefined;
    },
    { ...PATIENCE, hint: join(pop.stateFolder, "audit.jsonl") },
  );
}
