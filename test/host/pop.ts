/** The package, installed and configured in a machine as an operator does it. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import type { Status } from "../../src/control/protocol.ts";
import { StatusSchema } from "../../src/control/status-schema.ts";
import { AuditLine } from "../lab/audit-line.ts";
import { SERVICE } from "../lab/pop.ts";
import { wallClockMs, waitUntil } from "../lab/wait.ts";
import { type Host, initFlags, PATIENCE, UNIT, waitForRoutes } from "./host.ts";
import { type JournalEntry, journalMs } from "./journal.ts";
import type { Machine } from "./machine.ts";

const CONFIG = "/etc/anyctl/anyctl.yaml";

/** Installs a .deb of this host; resolves with what dpkg printed. */
export async function installPackage(machine: Machine, deb: string): Promise<string> {
  cpSync(deb, machine.path("/root/anyctl.deb"));
  return machine.must(["dpkg", "--install", "/root/anyctl.deb"]);
}

/**
 * `anyctl init`, and ExaBGP is started with what it wrote. Without a hold: these tests withdraw more often than routers
 * upstream would like.
 */
export async function configure({ machine }: Host): Promise<void> {
  await machine.must(["anyctl", "init", ...initFlags()]);
  const file = machine.path(CONFIG);
  const text = readFileSync(file, "utf8");
  const free = text.replace(/^( *)hold: damping-safe/m, "$1hold: none");
  assert.notEqual(free, text, "anyctl init suggests a hold");
  writeFileSync(file, free);
  await machine.must(["anyctl", "config", "check"]);
  await machine.must(["systemctl", "daemon-reload"]);
  await machine.must(["systemctl", "restart", UNIT]);
}

/** What the agent says of itself; undefined while it does not answer. */
export async function readStatus({ machine }: Host): Promise<Status | undefined> {
  const { status, stdout } = await machine.run(["anyctl", "status", "--json"]);
  if (status === 3) return undefined;
  return StatusSchema.parse(JSON.parse(stdout)) as Status;
}

/** Waits for the agent to say something that fits. */
export function waitForStatus(
  host: Host,
  what: string,
  fits: (status: Status) => boolean,
): Promise<Status> {
  return waitUntil(
    what,
    async () => {
      const seen = await readStatus(host);
      return seen !== undefined && fits(seen) ? seen : undefined;
    },
    { ...PATIENCE, everyMs: 200 },
  );
}

export function stateOf(status: Status, service = SERVICE): string | undefined {
  return status.services.find(({ name }) => name === service)?.state;
}

/** The words of all problems that the agent has with itself or around it. */
export function problemsOf(status: Status): string[] {
  return status.problems.map(({ word }) => word);
}

/** Waits for a record in the journal, by its fields without `ANYCTL_` in small letters. */
export function waitForRecord(
  { machine }: Host,
  fits: Readonly<Record<string, string>>,
  { sinceMs, service = SERVICE }: { readonly sinceMs: number; readonly service?: string },
): Promise<JournalEntry> {
  return machine.waitForJournal(
    `a record of ${service} with ${JSON.stringify(fits)}`,
    [`ANYCTL_SERVICE=${service}`],
    (entry) =>
      journalMs(entry) >= sinceMs &&
      Object.entries(fits).every(([key, value]) => entry[`ANYCTL_${key.toUpperCase()}`] === value),
    PATIENCE,
  );
}

/** The records in the journal since then, as `from -> to`. */
export async function decisions({ machine }: Host, sinceMs: number): Promise<string[]> {
  const entries = await machine.journal(`ANYCTL_SERVICE=${SERVICE}`);
  return entries
    .filter((entry) => journalMs(entry) >= sinceMs)
    .map((entry) => `${String(entry["ANYCTL_FROM"])} -> ${String(entry["ANYCTL_TO"])}`);
}

/** Waits for what systemd itself has said about ExaBGP's unit. */
export function waitForUnitEntry(
  { machine }: Host,
  says: RegExp,
  sinceMs: number,
): Promise<JournalEntry> {
  return machine.waitForJournal(
    `systemd to say ${String(says)}`,
    ["_PID=1", `UNIT=${UNIT}`],
    (entry) => journalMs(entry) >= sinceMs && says.test(String(entry["MESSAGE"])),
    PATIENCE,
  );
}

/** The history on disk, oldest first; a record that a full disk has cut is there again, whole, behind it. */
export async function auditFile({ machine }: Host): Promise<AuditLine[]> {
  const text = await machine.must(["cat", "/var/lib/anyctl/audit.jsonl"]);
  return text
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => AuditLine.parse(JSON.parse(line)));
}

/** Transient drains, which are there for a stop. */
export async function transientDrains({ machine }: Host): Promise<string[]> {
  const listed = await machine.must(["ls", "-A", "/run/anyctl/drains"]);
  return listed.split("\n").filter((name) => name !== "");
}

/**
 * Runs a part of a test. When it fails, what the machine has to say goes to stderr, and the next part finds a PoP that
 * announces.
 *
 * @param act Is given the wall clock at its start, milliseconds.
 */
export async function part(host: Host, act: (sinceMs: number) => Promise<void>): Promise<void> {
  const sinceMs = wallClockMs();
  try {
    await act(sinceMs);
  } catch (error) {
    process.stderr.write(`${await lastWords(host, sinceMs)}\n`);
    await repair(host).catch((reason: unknown) => void process.stderr.write(`${String(reason)}\n`));
    throw error;
  }
}

const WORDS_CHARS = 8000;

/** The journal is not all: journald may be what was stopped. */
async function lastWords({ machine }: Host, sinceMs: number): Promise<string> {
  const since = `--since=@${(sinceMs / 1000).toFixed(3)}`;
  const questions = [
    ["journalctl", "--no-pager", "--output=short-precise", since],
    ["tail", "--lines=12", "/var/lib/anyctl/audit.jsonl"],
    ["systemctl", "status", "--no-pager", "--lines=0", UNIT],
    ["anyctl", "status"],
  ];
  const answers = questions.map(async (argv) => {
    const { stdout, stderr } = await machine.run(argv);
    return `--- ${argv.join(" ")}\n${stdout.slice(-WORDS_CHARS)}${stderr}`;
  });
  return Promise.all(answers).then(
    (texts) => texts.join("\n"),
    (error: unknown) => String(error),
  );
}

async function repair(host: Host): Promise<void> {
  const { machine } = host;
  await machine.run(["systemctl", "kill", "--signal=SIGKILL", UNIT]);
  await machine.run(["sh", "-c", "rm -f /var/lib/anyctl/full /var/lib/anyctl/drains/*"]);
  await machine.run(["systemctl", "restart", ...JOURNALD, "nginx.service", UNIT]);
  await waitForRoutes(host);
}

/** Its sockets too: else it comes back by itself. */
export const JOURNALD = [
  "systemd-journald.socket",
  "systemd-journald-dev-log.socket",
  "systemd-journald-audit.socket",
  "systemd-journald.service",
];
