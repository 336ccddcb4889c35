/**
 * A real bus and a real systemd on it: a user manager in namespaces of its own, which is there in a second and takes
 * what it did with it. It has the same interface on the bus as the manager of a host.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { PATIENCE_MS } from "./probing.ts";

const run = promisify(execFile);

const CGROUPS = "/sys/fs/cgroup";

/** What a manager cannot be without, and its bus; nothing of this host's own units is started. */
const OWN_UNITS = {
  "default.target": "[Unit]\nWants=dbus.socket dbus.service\n",
  "dbus.socket": "[Socket]\nListenStream=%t/system-bus\n",
  "dbus.service": `[Unit]
Requires=dbus.socket
[Service]
ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile
`,
  "basic.target": "[Unit]\n",
  "shutdown.target": "[Unit]\nDefaultDependencies=no\n",
  "exit.target": "[Unit]\nDefaultDependencies=no\n",
};

/** `$0` is the folder. systemd looks for /run/systemd/system, and may not be the first process of its namespace. */
const SCRIPT = `
for group in "$@"; do echo 0 > "$group/cgroup.procs"; done 2>/dev/null
exec unshare --mount --pid --fork --kill-child --mount-proc --cgroup sh -c '
  mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system
  /lib/systemd/systemd --user --log-target=console --log-level=notice
  :' "$0"`;

export interface SystemdHost {
  readonly address: string;
  /** Calls the manager: `manager("StartUnit", "ss", "a.service", "replace")`. */
  readonly manager: (member: string, ...args: string[]) => Promise<string>;
  /** Of a unit, in the words of `systemctl show`. */
  readonly state: (unit: string) => Promise<string>;
  /** As a crash: systemd, its bus and its units are gone. */
  readonly stop: () => Promise<void>;
}

/** What cannot be had here; undefined: all of it can. */
export function missingForSystemd(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  const missing = ["/lib/systemd/systemd", "/usr/bin/dbus-daemon"].filter(
    (path) => !existsSync(path),
  );
  return missing.length === 0 ? undefined : `needs ${missing.join(", ")}`;
}

/** @param units Files of units, name to text. */
export async function startSystemd(
  context: TestContext,
  units: Readonly<Record<string, string>>,
): Promise<SystemdHost> {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-"));
  const unitFolder = join(folder, "units");
  mkdirSync(unitFolder);
  for (const [name, text] of Object.entries({ ...OWN_UNITS, ...units })) {
    writeFileSync(join(unitFolder, name), text);
  }
  const address = `unix:path=${join(folder, "system-bus")}`;
  const groups = makeGroups();
  const child = spawn("sh", ["-c", SCRIPT, folder, ...groups], {
    env: {
      PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      XDG_CONFIG_HOME: folder,
      SYSTEMD_UNIT_PATH: unitFolder,
      DBUS_SESSION_BUS_ADDRESS: address,
    },
    stdio: "ignore",
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  context.after(async () => {
    await stop();
    await eventually(() => groups.forEach(removeGroup));
    rmSync(folder, { recursive: true, force: true });
  });
  const manager = async (member: string, ...args: string[]): Promise<string> => {
    const object = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1"];
    const call = ["call", ...object, "org.freedesktop.systemd1.Manager", member, ...args];
    return (await run("busctl", [`--address=${address}`, ...call])).stdout;
  };
  await eventually(() => manager("GetDefaultTarget"));
  const state = async (unit: string): Promise<string> => {
    const [, path = ""] = /"(.+)"/.exec(await manager("GetUnit", "s", unit)) ?? [];
    const object = ["org.freedesktop.systemd1", path, "org.freedesktop.systemd1.Unit"];
    const get = ["get-property", ...object, "ActiveState"];
    return (await run("busctl", [`--address=${address}`, ...get])).stdout;
  };
  return { address, manager, state, stop };
}

/** One in each hierarchy: the namespace's root, so that systemd makes its groups below it. */
function makeGroups(): string[] {
  const hierarchies = existsSync(join(CGROUPS, "cgroup.procs"))
    ? [CGROUPS]
    : readdirSync(CGROUPS)
        .map((name) => join(CGROUPS, name))
        .filter((path) => existsSync(join(path, "cgroup.procs")));
  const groups = hierarchies.map((path) => join(path, `anyctl-test-${process.pid}-${Date.now()}`));
  for (const group of groups) mkdirSync(group);
  return groups;
}

function removeGroup(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  }
  rmdirSync(group);
}

/** Tries again until `attempt` throws no more. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - startedMs > PATIENCE_MS) throw error;
    }
    await sleep(20);
  }
}
