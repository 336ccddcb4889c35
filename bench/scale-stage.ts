/**
 * Many checks on one core: an agent alone on the first CPU, its targets and everything else on the second.
 * Needs two CPUs and `taskset`; no root and no network.
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../test/daemon/scrape.ts";
import { REPOSITORY } from "../test/lab/repository.ts";
import { waitUntil } from "../test/lab/wait.ts";
import { startLoneAgent, type LoneAgent } from "./lone-agent.ts";
import type { Answer, Order } from "./scale-server.ts";

const AGENT_CPU = "0";
const OTHERS_CPU = "1";

/** Checks of one kind, each with a target, a service and a prefix of its own. */
export interface Load {
  readonly count: number;
  readonly type: "http" | "tcp";
  readonly intervalMs: number;
  /** How many of them also hold a connection. */
  readonly watched?: number;
}

export interface Stage {
  readonly agent: LoneAgent;
  /** When connections arrived since it was last asked, by check in the order of the loads; milliseconds. */
  readonly arrivals: () => Promise<readonly (readonly number[])[]>;
  /** Ends a connection that the agent holds; false: there is none. */
  readonly breakOne: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
}

/**
 * Resolves when every service is up.
 *
 * @param nodeOptions For the agent's Node.js.
 */
export async function createScaleStage(
  loads: readonly Load[],
  nodeOptions: readonly string[] = [],
): Promise<Stage> {
  execFileSync("taskset", ["-cp", OTHERS_CPU, String(process.pid)]);
  // Inherits the CPU.
  const server = fork(join(REPOSITORY, "dist/bench/scale-server.js"));
  const tell = async (order: Order): Promise<Answer> => {
    const told = once(server, "message");
    server.send(order);
    const [answer] = await told;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what scale-server.ts says
    return answer as Answer;
  };
  const stopServer = async () => {
    const ended = once(server, "exit");
    server.disconnect();
    await ended;
  };
  try {
    const total = loads.reduce((sum, { count }) => sum + count, 0);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer to `listen`
    const ports = (await tell({ type: "listen", ports: total })) as readonly number[];
    const command = ["taskset", "-c", AGENT_CPU, process.execPath, ...nodeOptions];
    const agent = await startLoneAgent(configOf(loads, ports), [
      ...command,
      // As in bin/anyctl, which a Node.js that is called by name does not read.
      "--max-semi-space-size=8",
    ]);
    return {
      agent,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer to `tell`
      arrivals: async () => (await tell({ type: "tell" })) as readonly (readonly number[])[],
      async breakOne() {
        const answer = await tell({ type: "break" });
        return "broke" in answer && answer.broke;
      },
      async stop() {
        await agent.stop();
        await stopServer();
      },
    };
  } catch (error) {
    await stopServer();
    throw error;
  }
}

function configOf(loads: readonly Load[], ports: readonly number[]): string {
  let nth = 0;
  const entries = loads.flatMap(({ count, type, intervalMs, watched = 0 }) =>
    Array.from({ length: count }, (_, at) => {
      const port = ports[nth] ?? 0;
      const prefix = `10.${nth >> 8}.${nth & 255}.0/24`;
      nth += 1;
      const target =
        type === "http"
          ? `type: http, url: "http://127.0.0.1:${port}/healthz"`
          : `type: tcp, host: 127.0.0.1, port: ${port}`;
      const watch = at < watched ? ", watch: true" : "";
      // A busy machine must not make a failure of what is only slow: this is about cost.
      const timing = `interval: ${intervalMs}ms, timeout: ${Math.min(500, intervalMs)}ms, rise: 1`;
      return `  s${nth}: { prefixes: [${prefix}], scope: local, checks: { web: { ${target}, ${timing}${watch} } } }\n`;
    }),
  );
  return `services:\n${entries.join("")}`;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many probes the agent has started, and how many of them within `bounds` (milliseconds) of when they were due. */
export interface Lateness {
  readonly total: number;
  readonly within: ReadonlyMap<number, number>;
}

export async function latenessOf(socketPath: string): Promise<Lateness> {
  // An agent without time closes connections that wait for long.
  const text = await waitUntil("the metrics", async () => {
    const answer = await ask({ socketPath, path: "/metrics" });
    return answer?.status === 200 ? answer.body : undefined;
  });
  const within = new Map<number, number>();
  for (const [, le, count] of text.matchAll(
    /^anyctl_probe_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm,
  )) {
    within.set(le === "+Inf" ? Infinity : Number(le) * 1000, Number(count));
  }
  return { total: within.get(Infinity) ?? 0, within };
}
