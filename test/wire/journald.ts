/** A systemd-journald of its own: in a mount namespace where /run and the journal's folders are empty. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { tryCommand, type CommandResult } from "../lab/command.ts";
import { waitUntil } from "../lab/wait.ts";

const JOURNALD = "/lib/systemd/systemd-journald";

/** Nothing of the host: no kernel messages, no audit messages (the empty value leaves the kernel's setting alone). */
const SETTINGS = String.raw`[Journal]\nReadKMsg=no\nAudit=\nForwardToWall=no\nRateLimitIntervalSec=0\n`;

const SETUP = `
mount -t tmpfs none /run && mount -t tmpfs none /var/log
mkdir -p /run/systemd/journal /run/log/journal
printf '${SETTINGS}' > /run/journald.conf && mount --bind /run/journald.conf /etc/systemd/journald.conf
`;

export class PrivateJournal {
  readonly #holder: ChildProcess;
  #journald: ChildProcess | undefined;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async start(context: TestContext): Promise<PrivateJournal> {
    const script = `${SETUP}echo ready; exec sleep 600`;
    const holder = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-ec", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => end(holder));
    await once(holder.stdout, "data");
    const journal = new PrivateJournal(holder);
    context.after(() => journal.stop());
    await journal.resume();
    return journal;
  }

  /** What runs a program in there. */
  get wrap(): readonly string[] {
    return ["nsenter", "--target", String(this.#holder.pid), "--mount"];
  }

  async resume(): Promise<void> {
    const [nsenter = "", ...args] = this.wrap;
    this.#journald = spawn(nsenter, [...args, JOURNALD], { stdio: "ignore" });
    await waitUntil("journald", async () => {
      const { status } = await this.run("test", ["-S", "/run/systemd/journal/stdout"]);
      return status === 0 || undefined;
    });
  }

  /** Its sockets are gone with it: outside of systemd nobody keeps them. */
  async stop(): Promise<void> {
    if (this.#journald !== undefined) await end(this.#journald);
    await this.run("sh", ["-c", "rm -f /run/systemd/journal/*"]);
  }

  run(file: string, args: readonly string[]): Promise<CommandResult> {
    const [nsenter = "", ...wrapped] = this.wrap;
    return tryCommand(nsenter, [...wrapped, file, ...args]);
  }

  /** Entries that match, as journalctl shows them. */
  async entries(...matches: readonly string[]): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.run("journalctl", ["-o", "json", "--all", "-q", ...matches]);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line): Record<string, unknown> => Object(JSON.parse(line)));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
