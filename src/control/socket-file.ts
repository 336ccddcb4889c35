/** The socket of the control API as a file: taken over from the dead, never from the living. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmdirSync,
  unlinkSync,
  type BigIntStats,
} from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";

/** A path of a Unix socket has 108 bytes with its final NUL on Linux (unix(7)); a longer one is cut silently. */
export const SOCKET_PATH_BYTES_MAX = 107;

/** The owner and the group may ask; what everybody may know is on the HTTP listener. */
const SOCKET_MODE = 0o660;

/** Everybody may look for the socket; its own mode says who may connect. */
const FOLDER_MODE = 0o755;

/** The path cannot be used; the message is complete. */
export class SocketPathError extends Error {
  override readonly name = "SocketPathError";
  readonly code: "TOO_LONG" | "NOT_A_SOCKET" | "IN_USE" | "UNKNOWN";

  constructor(code: SocketPathError["code"], path: string, why: string, cause?: unknown) {
    super(`Cannot listen on ${JSON.stringify(path)}: ${why}`, { cause });
    this.code = code;
  }
}

/** The file at the path, as far as it matters whether it is still the same one. */
export interface SocketIdentity {
  readonly device: number;
  readonly inode: number;
}

/**
 * Makes `path` free to listen on: missing folders are made, a socket that nobody listens on is removed.
 *
 * @throws {SocketPathError} If somebody answers there, or something else than a socket is there.
 * @throws {NodeJS.ErrnoException} If the folder cannot be made or written.
 */
export async function freeSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    const why = `the path has ${bytes} bytes, and a socket's may have ${SOCKET_PATH_BYTES_MAX}`;
    throw new SocketPathError("TOO_LONG", path, why);
  }
  makeFolder(dirname(path));
  const found = lstatOrNothing(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SocketPathError("NOT_A_SOCKET", path, "something that is no socket is there");
  }
  await assertDead(path);
  // Only the one that was found dead: in the meantime another agent may have put its own there, even with the
  // same inode number, which is free again.
  const now = lstatOrNothing(path);
  if (now?.ino === found.ino && now.ctimeNs === found.ctimeNs) unlinkSync(path);
}

/**
 * A name to bind first: in the same folder, and not longer than the path itself. The bound socket then gets its
 * real name by `publishSocket`, because libuv, when it closes a socket, removes whatever has the name that was
 * bound: after a restart that would be the next agent's socket.
 */
export function temporarySocketPath(path: string): string {
  const length = Math.min(Buffer.byteLength(basename(path)), 12);
  const name = `.${randomBytes(6).toString("hex")}`.slice(0, length);
  // One character that is no lone dot.
  return join(dirname(path), length === 1 ? randomBytes(1).toString("hex").slice(0, 1) : name);
}

/**
 * Gives the socket bound at `temporaryPath` its mode and its real name.
 *
 * @throws {SocketPathError} If another agent was quicker.
 */
export function publishSocket(temporaryPath: string, path: string): SocketIdentity {
  chmodSync(temporaryPath, SOCKET_MODE);
  const { dev: device, ino: inode } = lstatSync(temporaryPath);
  try {
    // Unlike `rename`, `link` replaces nothing.
    linkSync(temporaryPath, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    throw new SocketPathError("IN_USE", path, "another agent has just taken it", error);
  } finally {
    unlinkSync(temporaryPath);
  }
  return { device, inode };
}

/**
 * Removes the socket if it is still the one that was published; to be called while it is open, so that no other
 * can have its inode number. Never throws: the next agent replaces it.
 */
export function removeSocket(path: string, { device, inode }: SocketIdentity): void {
  try {
    const { dev, ino } = lstatSync(path);
    if (dev === device && ino === inode) unlinkSync(path);
  } catch {
    // Gone already, or the folder is.
  }
}

/** A connection is refused where nobody listens; anything else may be a living agent. */
function assertDead(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      reject(new SocketPathError("IN_USE", path, "another agent answers there"));
    });
    socket.once("error", (error) => {
      const code = codeOf(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve();
      else if (code === "EAGAIN") {
        reject(new SocketPathError("IN_USE", path, "another agent is there, too busy to answer"));
      } else {
        const why = `cannot find out whether an agent answers there (${code})`;
        reject(new SocketPathError("UNKNOWN", path, why, error));
      }
    });
  });
}

/** `mkdir`'s own mode is subject to the umask, which ExaBGP sets to 0137 for its children. */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; lstatOrNothing(at) === undefined; at = dirname(at)) missing.unshift(at);
  for (const [nth, path] of missing.entries()) {
    try {
      mkdirSync(path);
      chmodSync(path, FOLDER_MODE);
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      // Leaves nothing behind that was made in vain.
      for (const made of missing.slice(0, nth).toReversed()) rmdirSync(made);
      throw error;
    }
  }
}

function lstatOrNothing(path: string): BigIntStats | undefined {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
