/** Drain files as the CLI writes them: whole or not at all, whatever happens meanwhile. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";

/** The file's owner, which the kernel knows, is the actor; `by` is a claim. */
export interface DrainOrder {
  /** Ends the drain; absent in a drain. */
  readonly undrain?: true;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339. */
  readonly since: string;
}

/** The agent, a user of its own, must read it whatever the umask of the operator is; it holds no secret. */
const FILE_MODE = 0o644;

/** A reason of 1 KiB with all its characters escaped stays far below. */
const FILE_MAX_BYTES = 16 * 1024;

/** The agent ignores names that begin so; so nobody ever sees half an order. */
const PREFIX = ".";

/**
 * Writes the order for `service`, and returns when it is on disk.
 *
 * @throws {NodeJS.ErrnoException} Then the order does not stand, or may be lost in a power failure.
 */
export async function writeDrainFile(
  folder: string,
  service: string,
  order: DrainOrder,
): Promise<void> {
  const temporary = join(folder, `${PREFIX}${service}.${randomBytes(8).toString("hex")}`);
  const file = await open(temporary, "wx", FILE_MODE);
  try {
    await fill(file, `${JSON.stringify(order)}\n`);
    await rename(temporary, join(folder, service));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

/** What stands for `service`: `none`, a `drain`, or an `undrain` that no agent has seen yet. */
export async function readStanding(
  folder: string,
  service: string,
): Promise<"none" | "drain" | "undrain"> {
  let text: string;
  try {
    text = await readBounded(join(folder, service));
  } catch (error) {
    const code = codeOf(error);
    // Whatever else is there, the agent takes it for a drain.
    return code === "ENOENT" || code === "ENOTDIR" ? "none" : "drain";
  }
  try {
    const value: unknown = JSON.parse(text);
    const ends = typeof value === "object" && value !== null && Reflect.get(value, "undrain");
    return ends === true ? "undrain" : "drain";
  } catch {
    return "drain";
  }
}

/** Anybody of the group may have put a FIFO, a link or a film there. */
async function readBounded(path: string): Promise<string> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(FILE_MAX_BYTES);
    const { bytesRead } = await file.read(bytes, 0, FILE_MAX_BYTES, 0);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
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

/** Without it a power failure could undo the rename. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
