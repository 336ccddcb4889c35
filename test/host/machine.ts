/**
 * A whole Debian with systemd as its first process, booted in systemd-nspawn on a copy of the image that goes with it.
 * Its network is a namespace of the lab, which outlives a reboot, as a network does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, tryCommand } from "../lab/command.ts";
import type { Lab } from "../lab/lab.ts";
import { baseEnvironment, type Namespace } from "../lab/namespace.ts";
import { childrenOf, sendSignal } from "../lab/process.ts";
import { waitUntil, type WaitOptions } from "../lab/wait.ts";
import { addControlGroups, removeControlGroup } from "./cgroup.ts";
import { type JournalEntry, parseJournal } from "./journal.ts";
import { hostPidOf, innerPidOf } from "./pids.ts";

export interface Machine {
  readonly name: string;
  /** What systemd prints on its console. */
  readonly consoleFile: string;
  /** Resolves when all that is to be started at boot has been. */
  boot(): Promise<void>;
  /** Runs a program in it as root, without a shell; a status that is not 0 is no error. */
  run(argv: readonly string[], options?: { readonly input?: string }): Promise<CommandResult>;
  /** The same; resolves with its stdout, and rejects when its status is not 0. */
  must(argv: readonly string[], options?: { readonly input?: string }): Promise<string>;
  /** Where a file of it lies for this process, while it runs. */
  path(file: string): string;
  /** The entries of its journal, oldest first, also those of earlier boots. @param matches As journalctl takes them. */
  journal(...matches: readonly string[]): Promise<JournalEntry[]>;
  /** Waits for an entry that fits. */
  waitForJournal(
    what: string,
    matches: readonly string[],
    fits: (entry: JournalEntry) => boolean,
    options?: WaitOptions,
  ): Promise<JournalEntry>;
  /** A property of a unit, as `systemctl show` has it. */
  property(unit: string, name: string): Promise<string>;
  /** The main process of a unit, as this host numbers it. @throws {Error} When it has none. */
  mainPid(unit: string): Promise<number>;
  /** `systemctl reboot`; resolves when it has booted again. */
  reboot(): Promise<void>;
  /** As if the plug were pulled: every process is killed. It can be booted again. */
  pullPlug(): Promise<void>;
  /** `systemctl poweroff`; resolves when nothing runs any more. It can be booted again. */
  powerOff(): Promise<void>;
}

export interface MachineOptions {
  /** Its host name: letters, digits, dashes. */
  readonly name: string;
  /** From `findImage`. */
  readonly image: string;
}

/** Booting takes 2 s here; a machine that is busy with other tests takes longer. */
const BOOT: WaitOptions = { deadlineMs: 120_000, everyMs: 50 };

/** Units that hang are killed after 90 s. */
const STOP_DEADLINE_MS = 150_000;

/** How much of the console an error shows. */
const CONSOLE_CHARS = 2000;

/**
 * Arguments: the folder, the image, the control groups, `--`, the program. The mount namespace is its own: what is mounted
 * here goes with the machine, and nobody else sees it.
 */
const BOOT_SCRIPT = `folder=$1 image=$2; shift 2
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift
mount -t overlay overlay -o "lowerdir=$image,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
exec "$@"`;

/** Not booted yet. It goes with its lab. @param namespace Its network; interfaces and addresses are the caller's. */
export function createMachine(
  lab: Lab,
  namespace: Namespace,
  { name, image }: MachineOptions,
): Machine {
  const folder = lab.addFolder(`${name}-machine`);
  const consoleFile = join(folder, "console");
  for (const part of ["upper", "work", "root"]) mkdirSync(join(folder, part), { mode: 0o755 });
  const id = `${lab.id}-${name}`;
  const groups = addControlGroups(id);
  let nspawn: ChildProcess | undefined;
  let leader: number | undefined;

  async function ended(what: string): Promise<void> {
    if (nspawn === undefined) throw new Error(`Cannot ${what} ${name}: it does not run`);
    const child = nspawn;
    if (child.exitCode === null && child.signalCode === null) {
      const signal = AbortSignal.timeout(STOP_DEADLINE_MS);
      await once(child, "close", { signal }).catch((error: unknown) => {
        throw new Error(`Cannot ${what} ${name}: it still runs; ${tail()}`, { cause: error });
      });
    }
    [nspawn, leader] = [undefined, undefined];
  }

  function tail(): string {
    return `its console ends with:\n${readFileSync(consoleFile, "utf8").slice(-CONSOLE_CHARS)}`;
  }

  function running(): number {
    if (leader === undefined) throw new Error(`Cannot enter ${name}: it does not run`);
    return leader;
  }

  async function kill(): Promise<void> {
    // The first process of a PID namespace takes all others with it, and systemd-nspawn ends by itself.
    if (leader !== undefined) sendSignal(leader, "SIGKILL");
    else if (nspawn?.pid !== undefined) sendSignal(nspawn.pid, "SIGKILL");
    await ended("kill");
  }

  /** Of `BOOT_SCRIPT`. */
  function programArgs(): string[] {
    const program = [
      "systemd-nspawn",
      "--quiet",
      "--register=no",
      "--keep-unit",
      "--console=pipe",
      "--link-journal=no",
      "--timezone=off",
      "--resolv-conf=off",
      `--directory=${join(folder, "root")}`,
      `--machine=${id}`,
      `--hostname=${name}`,
      `--network-namespace-path=/run/netns/${namespace.name}`,
      // Debian's unit lets ExaBGP have it.
      "--capability=CAP_NET_ADMIN",
      "--boot",
      // What follows is systemd's own.
      "--",
      "--show-status=1",
    ];
    return [folder, image, ...groups, "--", ...program];
  }

  lab.onRemove(async () => {
    if (nspawn !== undefined) await kill();
    for (const group of groups) removeControlGroup(group);
    rmSync(join("/run/systemd/nspawn/propagate", id), { recursive: true, force: true });
  });

  const machine: Machine = {
    name,
    consoleFile,
    async boot() {
      if (nspawn !== undefined) throw new Error(`Cannot boot ${name}: it runs`);
      const output = openSync(consoleFile, "a");
      // Detached: Ctrl-C on the terminal must not reach it before we remove it in order.
      const child = spawn(
        "unshare",
        ["--mount", "sh", "-ec", BOOT_SCRIPT, "sh", ...programArgs()],
        {
          env: { ...baseEnvironment(), SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
          detached: true,
          stdio: ["ignore", output, output],
        },
      );
      closeSync(output);
      nspawn = child;
      await once(child, "spawn");
      leader = await waitUntil(
        `the first process of ${name}`,
        () => {
          if (child.exitCode !== null) {
            throw new Error(`Cannot boot ${name}: status ${child.exitCode}; ${tail()}`);
          }
          return childrenOf(child.pid ?? 0).find((pid) => innerPidOf(pid) === 1);
        },
        { ...BOOT, hint: consoleFile },
      );
      const state = await waitUntil(
        `${name} to boot`,
        async () => {
          const { stdout } = await machine.run(["systemctl", "is-system-running", "--wait"]);
          // Empty while systemd does not answer yet.
          return ["running", "degraded"].find((word) => stdout.trim() === word);
        },
        { ...BOOT, hint: consoleFile },
      );
      if (state === "degraded") {
        const failed = await machine.must(["systemctl", "--failed", "--plain", "--no-legend"]);
        throw new Error(`Cannot boot ${name} whole: ${failed.trim()}`);
      }
    },
    async run(argv, { input = "" } = {}) {
      const enter = ["--target", String(running()), "--all", "--", ...argv];
      return tryCommand("nsenter", enter, { input, env: baseEnvironment() });
    },
    async must(argv, options) {
      const { status, stdout, stderr } = await machine.run(argv, options);
      if (status === 0) return stdout;
      const said = (stderr || stdout).trim();
      throw new Error(`Cannot run "${argv.join(" ")}" in ${name}: status ${status}: ${said}`);
    },
    path: (file) => join(`/proc/${running()}/root`, file),
    async journal(...matches) {
      return parseJournal(
        await machine.must(["journalctl", "--no-pager", "--output=json", "--all", ...matches]),
      );
    },
    waitForJournal: (what, matches, fits, options) =>
      waitUntil(what, async () => (await machine.journal(...matches)).findLast(fits), {
        everyMs: 100,
        deadlineMs: 30_000,
        ...options,
      }),
    async property(unit, property) {
      return (
        await machine.must(["systemctl", "show", "--value", `--property=${property}`, unit])
      ).trim();
    },
    async mainPid(unit) {
      const inner = Number(await machine.property(unit, "MainPID"));
      const pid = inner === 0 ? undefined : hostPidOf(running(), inner);
      if (pid === undefined) throw new Error(`Cannot find the main process of ${unit} in ${name}`);
      return pid;
    },
    async reboot() {
      await machine.must(["systemctl", "--no-block", "reboot"]);
      await ended("reboot");
      await machine.boot();
    },
    async pullPlug() {
      running();
      await kill();
    },
    async powerOff() {
      await machine.must(["systemctl", "--no-block", "poweroff"]);
      await ended("power off");
    },
  };
  return machine;
}
