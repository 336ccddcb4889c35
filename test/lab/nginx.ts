/** The service that is kept in the anycast set: a real nginx that answers its region's name. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { childrenOf, identify, isRunning, sendSignal } from "./process.ts";
import { wallClockMs, waitUntil } from "./wait.ts";

export interface WebServer {
  /** Resolves when it accepts connections. */
  start(): Promise<void>;
  /** SIGKILL to master and workers; returns the wall clock just before. Resolves when they are gone. */
  kill(): Promise<number>;
  /** SIGSTOP: connections are accepted by the kernel, nobody answers. Returns the wall clock just before. */
  hang(): number;
  /** Ends `hang`. */
  resume(): void;
  /** What `/healthz` answers from now on; takes effect at once. Returns the wall clock just before. */
  setHealth(status: 200 | 503): number;
  /** Of master and workers, master first; empty when it does not run. */
  pids(): number[];
}

/** `/` answers `answer`; `/healthz` answers `ok`, or 503 and `unwell`. Not started yet. */
export function createWebServer(
  lab: Lab,
  namespace: Namespace,
  { name, addresses, answer }: { name: string; addresses: readonly string[]; answer: string },
): WebServer {
  const folder = lab.addFolder(`${name}/nginx`);
  const configFile = join(folder, "nginx.conf");
  const unwellFile = join(folder, "unwell");
  const logFile = join(folder, "nginx.log");
  writeFileSync(configFile, webServerConfig({ folder, addresses, answer, unwellFile }));
  let masterPid: number | undefined;

  const server: WebServer = {
    async start() {
      const pid = await namespace.spawn(["nginx", "-p", folder, "-e", logFile, "-c", configFile], {
        stdoutFile: logFile,
        stderrFile: logFile,
      });
      masterPid = pid;
      const master = identify(pid);
      await waitUntil(
        `nginx of ${name}`,
        () => {
          if (master === undefined || !isRunning(master)) {
            throw new Error(`Cannot start nginx of ${name}: see ${logFile}`);
          }
          // Workers start when the master has bound its addresses.
          return childrenOf(pid).length > 0 ? true : undefined;
        },
        { hint: logFile },
      );
    },
    async kill() {
      const processes = server.pids().flatMap((pid) => identify(pid) ?? []);
      const atMs = wallClockMs();
      for (const { pid } of processes) sendSignal(pid, "SIGKILL");
      await waitUntil(`nginx of ${name} to die`, () => !processes.some(isRunning) || undefined, {
        everyMs: 2,
      });
      masterPid = undefined;
      return atMs;
    },
    hang() {
      const atMs = wallClockMs();
      for (const pid of server.pids()) sendSignal(pid, "SIGSTOP");
      return atMs;
    },
    resume() {
      for (const pid of server.pids()) sendSignal(pid, "SIGCONT");
    },
    setHealth(status) {
      const atMs = wallClockMs();
      if (status === 200) rmSync(unwellFile, { force: true });
      else writeFileSync(unwellFile, "");
      return atMs;
    },
    pids: () => (masterPid === undefined ? [] : [masterPid, ...childrenOf(masterPid)]),
  };
  return server;
}

function webServerConfig({
  folder,
  addresses,
  answer,
  unwellFile,
}: {
  folder: string;
  addresses: readonly string[];
  answer: string;
  unwellFile: string;
}): string {
  const listens = addresses.map((it) => `listen ${it.includes(":") ? `[${it}]` : it}:80;`);
  const temporaryFolders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
  default_type text/plain;
  ${temporaryFolders.map((it) => `${it}_temp_path ${folder}/${it};`).join("\n  ")}
  server {
    ${listens.join("\n    ")}
    location / { return 200 "${answer}\\n"; }
    location = /healthz {
      # The file is looked for at every request: no reload needed.
      if (-f ${unwellFile}) { return 503 "unwell\\n"; }
      return 200 "ok\\n";
    }
  }
}
`;
}
