/** Many small nginx, each with a supervisor that starts it again, as systemd does with Restart=always. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab/lab.ts";
import type { Namespace } from "../lab/namespace.ts";
import { sendSignal } from "../lab/process.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";

/** What the supervisor waits before it starts one again, seconds. */
const RESTART_S = 0.1;

export interface Member {
  readonly name: string;
  /** What it listens on, as nginx writes it: `127.0.0.1:8000`. */
  readonly listen: string;
}

export interface Fleet {
  /** SIGKILL; returns the wall clock just before. Its supervisor starts it again. */
  kill(name: string): number;
  /** Waits for it to listen again after a `kill` at `killedMs`; resolves with how long nobody listened, milliseconds. */
  restarted(name: string, killedMs: number): Promise<number>;
  /** SIGKILL, and the supervisor is told to leave it. */
  end(name: string): void;
  /** Ends `end`. */
  begin(name: string): void;
  signal(name: string, signal: NodeJS.Signals): void;
  /** What it answers from now on. */
  answer(name: string, what: "ok" | "unwell" | "wrong"): void;
}

/** Resolves when all of them listen. */
export async function startFleet(
  lab: Lab,
  namespace: Namespace,
  title: string,
  members: readonly Member[],
): Promise<Fleet> {
  const folder = lab.addFolder(title);
  const file = (name: string, ending: string) => join(folder, `${name}.${ending}`);
  for (const member of members) {
    writeFileSync(file(member.name, "conf"), configOf(folder, member));
  }
  // `[ -e NAME.off ]` is what keeps one dead.
  const script = `cd '${folder}'
for name in ${members.map(({ name }) => name).join(" ")}; do
  while :; do [ -e "$name.off" ] || nginx -p . -e "$name.log" -c "$name.conf"; sleep ${RESTART_S}; done &
done
wait`;
  const output = join(folder, "supervisor.log");
  await namespace.spawn(["sh", "-c", script], { stdoutFile: output, stderrFile: output });

  const startedMs = (name: string): number | undefined =>
    statSync(file(name, "pid"), { throwIfNoEntry: false })?.mtimeMs;
  const pidOf = (name: string): number => Number(readFileSync(file(name, "pid"), "latin1"));
  await waitUntil(
    `the nginx of ${title}`,
    () => members.every(({ name }) => (startedMs(name) ?? 0) > 0) || undefined,
    { deadlineMs: 60_000, hint: output },
  );

  const fleet: Fleet = {
    kill(name) {
      const pid = pidOf(name);
      // Of the dead one: it says when the next has begun to listen.
      rmSync(file(name, "pid"));
      const atMs = wallClockMs();
      sendSignal(pid, "SIGKILL");
      return atMs;
    },
    restarted: (name, killedMs) =>
      waitUntil(
        `nginx ${name} to be back`,
        () => {
          const atMs = startedMs(name);
          return atMs === undefined ? undefined : atMs - killedMs;
        },
        { deadlineMs: 60_000, everyMs: 50, hint: output },
      ),
    end(name) {
      writeFileSync(file(name, "off"), "");
      fleet.kill(name);
    },
    begin: (name) => rmSync(file(name, "off")),
    signal: (name, signal) => void sendSignal(pidOf(name), signal),
    answer(name, what) {
      for (const word of ["unwell", "wrong"] as const) {
        if (what === word) writeFileSync(file(name, word), "");
        else rmSync(file(name, word), { force: true });
      }
    },
  };
  return fleet;
}

/** One process each; nginx writes its pid file when it listens. */
function configOf(folder: string, { name, listen }: Member): string {
  const own = join(folder, name);
  const temporaryFolders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
master_process off;
pid ${own}.pid;
events { worker_connections 32; }
http {
  access_log off;
  default_type text/plain;
  ${temporaryFolders.map((it) => `${it}_temp_path ${folder}/${it};`).join("\n  ")}
  server {
    listen ${listen};
    location / {
      if (-f ${own}.unwell) { return 503 "unwell\\n"; }
      if (-f ${own}.wrong) { return 200 "wrong\\n"; }
      return 200 "ok\\n";
    }
  }
}
`;
}
