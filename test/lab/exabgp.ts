/** A real ExaBGP in a namespace, unprivileged as Debian runs it, with the agent of this repository under it. */
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exabgpProgram } from "./exabgp-program.ts";
import type { Lab } from "./lab.ts";
import { followFile, type LineLog } from "./line-log.ts";
import { baseEnvironment, type Namespace } from "./namespace.ts";
import { childrenOf, identify, isRunning, sendSignal } from "./process.ts";
import { REPOSITORY } from "./repository.ts";
import { EXABGP_USER } from "./user.ts";
import { waitUntil, type WaitOptions } from "./wait.ts";

export interface ExabgpDaemon {
  /** Its own log; empty with ExaBGP 5.0, which writes it to stderr whatever its settings say. */
  readonly log: LineLog;
  readonly logFile: string;
  /** Its stderr, which its child shares: the agent's log. */
  readonly agentLog: LineLog;
  readonly agentLogFile: string;
  /** Resolves when the process runs, before any session is up. */
  start(): Promise<void>;
  /** Sends it a signal that ends it and waits until it and its child are gone; default SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** @throws {Error} When it does not run. */
  pid(): number;
  /** The agent's pid; undefined while ExaBGP starts or respawns it. */
  agentPid(): number | undefined;
  /** Waits for an agent, with `otherThan` for one with another pid: after a respawn. */
  waitForAgent(
    options?: WaitOptions & { readonly otherThan?: number | undefined },
  ): Promise<number>;
  /** What it calls itself in its log, such as `4.2.21`. */
  version(): Promise<string>;
}

/**
 * Where the repository is seen by ExaBGP and its child, inside the lab's folder. They could not enter
 * a clone in a folder that only root can read.
 */
export function repositoryView(lab: Lab): string {
  return join(lab.folder, "app");
}

/** What the agent needs of the repository, and the ExaBGP that scripts/exabgp-of fetched. */
const VIEWED = ["bin", "dist", "node_modules", "exabgp", "package.json", ".cache"];

export interface ExabgpFiles {
  readonly name: string;
  readonly configFile: string;
  readonly envFile: string;
  /** Of its environment; the programs that start it do not see it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** @param files Of the configuration. Not started yet. */
export function createExabgp(
  lab: Lab,
  namespace: Namespace,
  { name, configFile, envFile, env: more = {} }: ExabgpFiles,
): ExabgpDaemon {
  const folder = lab.addFolder(name);
  const logFile = join(folder, "exabgp.log");
  const agentLogFile = join(folder, "agent.log");
  const log = followFile(logFile);
  const agentLog = followFile(agentLogFile);
  lab.onRemove(() => log.close());
  lab.onRemove(() => agentLog.close());
  const mounts = prepareMounts(lab);
  let pid: number | undefined;

  const daemon: ExabgpDaemon = {
    log,
    logFile,
    agentLog,
    agentLogFile,
    async start() {
      const env = baseEnvironment();
      const [executable = "", ...args] = (await exabgpProgram()).run(configFile, envFile);
      const program = [executable.replace(`${REPOSITORY}/`, `${repositoryView(lab)}/`), ...args];
      const drop = ["setpriv", "--reuid", EXABGP_USER, "--regid", EXABGP_USER, "--init-groups"];
      const variables = Object.entries(more).map(([key, value]) => `${key}=${value}`);
      const place = variables.length === 0 ? [] : ["env", ...variables];
      // `ip netns exec` has given us a mount namespace of our own: nobody else sees these mounts.
      const script = `${mounts.map(([from, to]) => `mount --bind '${from}' '${to}'`).join("; ")}; exec "$@"`;
      pid = await namespace.spawn(["sh", "-ec", script, "sh", ...drop, ...place, ...program], {
        stdoutFile: logFile,
        stderrFile: agentLogFile,
        env: { ...env, PATH: `${join(lab.folder, "bin")}:${env["PATH"]}` },
      });
    },
    async stop(signal = "SIGTERM") {
      const running = [daemon.pid(), daemon.agentPid()].flatMap((it) =>
        it === undefined ? [] : (identify(it) ?? []),
      );
      sendSignal(daemon.pid(), signal);
      await waitUntil(`ExaBGP of ${name} to end`, () => !running.some(isRunning) || undefined, {
        hint: logFile,
      });
      pid = undefined;
    },
    signal: (signal) => void sendSignal(daemon.pid(), signal),
    pid() {
      if (pid === undefined) throw new Error(`Cannot name the pid of ${name}: ExaBGP does not run`);
      return pid;
    },
    // A child that has not become the agent yet is a copy of ExaBGP itself, or `env`.
    agentPid: () => (pid === undefined ? undefined : childrenOf(pid)[0]),
    waitForAgent: ({ otherThan, ...options } = {}) =>
      waitUntil(
        `the agent of ${name}`,
        () => {
          const agentPid = daemon.agentPid();
          return agentPid === otherThan ? undefined : agentPid;
        },
        { hint: logFile, ...options },
      ),
    version() {
      const find = (line: string): string | undefined =>
        /performing reload of exabgp (\d\S*)/.exec(line)?.[1];
      return Promise.any([log, agentLog].map((it) => it.waitFor("ExaBGP's version", find)));
    },
  };
  return daemon;
}

/** Pairs of what is mounted and where; the places are made. */
function prepareMounts(lab: Lab): (readonly [string, string])[] {
  const view = lab.addFolder("app");
  const seen = VIEWED.filter((it) => existsSync(join(REPOSITORY, it)));
  // This very node: the one in ExaBGP's PATH may be older, or in a folder that only root can read.
  const pairs = [
    ...seen.map((it) => [join(REPOSITORY, it), join(view, it)] as const),
    [process.execPath, join(lab.addFolder("bin"), "node")] as const,
  ];
  for (const [from, to] of pairs) {
    const { mode } = statSync(from);
    if ((mode & 0o004) === 0) {
      throw new Error(
        `Cannot show ${from} to user ${EXABGP_USER}: run chmod -R go+rX ${REPOSITORY}`,
      );
    }
    if (existsSync(to)) continue;
    if (statSync(from).isDirectory()) mkdirSync(to, { mode: 0o755 });
    else writeFileSync(to, "");
    chmodSync(to, 0o755);
  }
  return pairs;
}
