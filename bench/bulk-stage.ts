/** A PoP with two services, one of them large, under the agent or under a plain pipe, and BIRD above. */
import { chmodSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createMiniLab, type MiniLab } from "../test/lab/mini-lab.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import {
  manyPrefixes,
  switchedConfig,
  switchOff,
  switchOn,
  type SwitchedService,
} from "../test/lab/switches.ts";
import { waitUntil, wallClockMs } from "../test/lab/wait.ts";
import type { Family } from "../test/lab/template.ts";
import type { PipeOrder } from "./plain-pipe.ts";

export const CHILDREN = ["plain pipe", "anyctl"] as const;
export type ChildKind = (typeof CHILDREN)[number];

export interface BulkStage extends MiniLab {
  readonly family: Family;
  readonly large: SwitchedService;
  readonly small: SwitchedService;
  /** Resolves with the wall clock (ms) of the write, or of the agent's decision. */
  change(service: SwitchedService, verb: PipeOrder["verb"]): Promise<number>;
  /** How many routes the router has. */
  count(): Promise<number>;
}

const PATIENCE = { deadlineMs: 120_000, everyMs: 20 };

/** Shorter than the plain pipe takes: keepalives that do not come end the session. */
const HOLD_TIME_S = 9;

/** Resolves when the session is up; nothing is announced. */
export async function createBulkStage(
  kind: ChildKind,
  family: Family,
  prefixes: number,
): Promise<BulkStage> {
  const large = { name: "large", prefixes: manyPrefixes(family, prefixes), med: 5 };
  const small = { name: "small", prefixes: manyPrefixes(family, 2, prefixes), med: 5 };
  const mini = await createMiniLab({
    families: [family],
    startsWeb: false,
    startsExabgp: false,
    editExabgpConfig: (text) => edit(text, kind),
  });
  try {
    const { pop, transit } = mini;
    const session = POP_SESSION[family];
    const change =
      kind === "anyctl"
        ? decided(mini, [large, small])
        : await piped(mini, join(pop.folder, "pipe.sock"));
    await pop.exabgp.start();
    await transit.waitForSession(session, PATIENCE);
    return { ...mini, family, large, small, change, count: () => transit.routeCount(session) };
  } catch (error) {
    await mini.remove();
    throw error;
  }
}

function edit(text: string, kind: ChildKind): string {
  const timed = text.replaceAll(/hold-time \d+;/g, `hold-time ${HOLD_TIME_S};`);
  if (kind === "anyctl") return timed;
  return timed.replace(
    /run (\S+)\/bin\/anyctl agent --config (\S+)\/anyctl\.yaml;/,
    "run /usr/bin/env node $1/dist/bench/plain-pipe.js $2/pipe.sock;",
  );
}

/** By the agent: switches a service, and reads from its record when it decided. */
function decided({ pop }: MiniLab, services: readonly SwitchedService[]): BulkStage["change"] {
  pop.writeConfig(switchedConfig(pop.folder, services));
  return async ({ name }, verb) => {
    const to = verb === "announce" ? "up" : "down";
    const before = pop.audit().length;
    (verb === "announce" ? switchOn : switchOff)(pop.folder, name);
    const decision = await waitUntil(
      `${name} to be ${to}`,
      () =>
        pop
          .audit()
          .slice(before)
          .find((line) => line.service === name && line.to === to),
      { ...PATIENCE, hint: pop.exabgp.agentLogFile },
    );
    return Date.parse(decision.at);
  };
}

/** By the plain pipe: everything at once. */
async function piped({ lab }: MiniLab, path: string): Promise<BulkStage["change"]> {
  const server = createServer();
  server.listen(path);
  await once(server, "listening");
  lab.onRemove(() => void server.close());
  chmodSync(path, 0o777);
  let answers = 0;
  const connected = new Promise<Socket>((resolve) => {
    server.once("connection", (socket) => {
      lab.onRemove(() => void socket.destroy());
      socket.on("data", (chunk: Buffer) => {
        answers = Number(chunk.toString().split("\n").at(-2) ?? answers);
      });
      resolve(socket);
    });
  });
  return async ({ prefixes, med }, verb) => {
    const socket = await connected;
    const expected = answers + prefixes.length;
    const beganMs = wallClockMs();
    socket.write(`${JSON.stringify({ verb, prefixes, med } satisfies PipeOrder)}\n`);
    await waitUntil("all answers", () => answers >= expected || undefined, PATIENCE);
    return beganMs;
  };
}
