/** Files of orders (drains and pins) as the CLI writes them: whole or not at all, whatever happens meanwhile. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Timers } from "../../checks/timers.ts";
import { codeOf } from "./error-code.ts";
import { withLock } from "./order-lock.ts";

/** The file's owner, which the kernel knows, is the actor; `by` is a claim. */
export interface Order {
  /** Ends a drain, or a pin. */
  readonly undrain?: true;
  readonly unpin?: true;
  /** With `undrain`, also where nothing is drained: the withdrawals that hold it back are forgotten. */
  readonly clearHold?: true;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339. */
  readonly since: string;
  /** When it ends by itself, RFC 3339. */
  readonly until?: string;
  /** How long `draining` is announced, as `5m`. */
  readonly graceful?: string;
}

/** What a file says: `ended` is an order to end that no agent has seen yet. */
export type Standing = { readonly kind: "none" | "ended" } | StandingOrder;

export interface StandingOrder {
  readonly kind: "stands";
  /** The owner; undefined where nobody may look. */
  readonly uid: number | undefined;
  /** Claims of the file; empty where there is none. */
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970; undefined: it does not end by itself. */
  readonly untilMs: number | undefined;
}

/** The agent, a user of its own, must read it whatever the umask of the operator is; it holds no secret. */
const FILE_MODE = 0o644;

/** A reason of 1 KiB with all its characters escaped stays far below. */
const FILE_MAX_BYTES = 16 * 1024;

/** The agent ignores names that begin so; so nobody ever sees half an order. */
const PREFIX = ".";

/**
 * Replaces what stands for `service` by what `decide` makes of it, and returns when that is on disk. Two commands
 * at once come one after the other, and neither overwrites what it has not seen.
 *
 * @param decide Returns undefined to leave all as it is, and throws to refuse.
 * @returns What stood before.
 * @throws {NodeJS.ErrnoException} Then the order does not stand, or may be lost in a power failure.
 */
export async function replaceOrder(
  folder: string,
  service: string,
  decide: (standing: Standing) => Order | undefined,
  timers: Timers,
): Promise<Standing> {
  return withLock(folder, service, timers, async () => {
    for (;;) {
      const standing = await readStanding(folder, service);
      const order = decide(standing);
      if (order === undefined || (await write(folder, service, order, standing.kind === "none"))) {
        return standing;
      }
    }
  });
}

/** What stands for `service`. */
export async function readStanding(folder: string, service: string): Promise<Standing> {
  const path = join(folder, service);
  let found: { readonly text: string; readonly uid: number };
  try {
    found = await readBounded(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "none" };
    // Whatever else is there, the agent takes it for a drain.
    const uid = await lstat(path).then(
      (stats) => stats.uid,
      () => undefined,
    );
    return { kind: "stands", uid, by: "", reason: "", untilMs: undefined };
  }
  const content = parse(found.text);
  if (content["undrain"] === true || content["unpin"] === true) return { kind: "ended" };
  const untilMs = Date.parse(textOf(content["until"]));
  return {
    kind: "stands",
    uid: found.uid,
    by: textOf(content["by"]),
    reason: textOf(content["reason"]),
    untilMs: Number.isNaN(untilMs) ? undefined : untilMs,
  };
}

/** @returns Whether it was written: a new file is not, if there is one by now. */
async function write(
  folder: string,
  service: string,
  order: Order,
  isNew: boolean,
): Promise<boolean> {
  const path = join(folder, service);
  const temporary = join(folder, `${PREFIX}${service}.${randomBytes(8).toString("hex")}`);
  const file = await open(temporary, "wx", FILE_MODE);
  try {
    await fill(file, `${JSON.stringify(order)}\n`);
    // Unlike `rename` it never replaces: somebody may not use this program, but `touch`.
    if (isNew && (await tryLink(temporary, path))) await unlink(temporary);
    else await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    if (isNew && codeOf(error) === "EEXIST") return false;
    throw error;
  }
  await syncFolder(folder);
  return true;
}

/** @returns Whether there are links on this file system. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (["EPERM", "ENOTSUP", "ENOSYS"].includes(codeOf(error))) return false;
    throw error;
  }
}

/** Anybody of the group may have put a FIFO, a link or a film there. */
async function readBounded(path: string): Promise<{ text: string; uid: number }> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(FILE_MAX_BYTES);
    const { bytesRead } = await file.read(bytes, 0, FILE_MAX_BYTES, 0);
    const { uid } = await file.stat();
    return { text: bytes.toString("utf8", 0, bytesRead), uid };
  } finally {
    await file.close();
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

async function fill(file: FileHandle, text: string): Promise<void> {
  try {
    await file.writeFile(text);
    await file.chmod(FILE_MODE);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without it a power failure could undo the new name. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
