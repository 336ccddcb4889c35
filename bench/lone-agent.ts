/** An agent whose ExaBGP is the benchmark: it says `done` to everything. Needs no root and no network. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemTimers } from "../checks/timers.ts";
import { AgentUnreachable, getStatus } from "../src/control/client.ts";
import type { Status } from "../src/control/protocol.ts";
import { REPOSITORY } from "../test/lab/repository.ts";
import { waitUntil } from "../test/lab/wait.ts";

export interface LoneAgent {
  readonly pid: number;
  readonly socketPath: string;
  readonly stop: () => Promise<void>;
}

/** A thousand services take their time to be probed. */
const PATIENCE = { deadlineMs: 120_000, everyMs: 1000 };

/** Where ExaBGP 4.2.21 says more than `done`. */
const ANSWERS = new Map([
  ["system version", "exabgp 4.2.21\n"],
  [
    "show neighbor summary",
    "Peer            AS        up/down state       |     #sent     #recvd\n",
  ],
]);

/**
 * Resolves when every service is up.
 *
 * @param config Without `state-dir` and `socket`.
 * @param runner A program with its arguments that runs bin/anyctl; by default the one that the file itself names.
 * @param heard Called with each line for ExaBGP.
 */
export async function startLoneAgent(
  config: string,
  runner: readonly string[] = [],
  heard: (line: string) => void = () => {},
): Promise<LoneAgent> {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-bench-"));
  const socketPath = join(folder, "agent.sock");
  const configPath = join(folder, "anyctl.yaml");
  writeFileSync(configPath, `state-dir: ${folder}\nsocket: ${socketPath}\n${config}`);
  const [program, ...rest] = [...runner, join(REPOSITORY, "bin/anyctl")];
  const child = spawn(program, [...rest, "agent", "--config", configPath], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  createInterface(child.stdout).on("line", (line) => {
    heard(line);
    child.stdin.write(`${ANSWERS.get(line) ?? ""}done\n`);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(folder, { recursive: true });
  };
  try {
    await waitUntil("every service to be up", () => isUp(socketPath), PATIENCE);
    return { pid: child.pid ?? 0, socketPath, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isUp(socketPath: string): Promise<true | undefined> {
  let status: Status;
  try {
    status = await getStatus(socketPath, 5000, systemTimers);
  } catch (error) {
    if (error instanceof AgentUnreachable) return undefined;
    throw error;
  }
  const isAll = status.services.length > 0 && status.services.every(({ state }) => state === "up");
  return isAll ? true : undefined;
}
