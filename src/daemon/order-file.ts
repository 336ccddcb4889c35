/** A file in a folder of orders, read without trust: anybody of the folder's group may have put anything there. */
import { constants, type Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { isMember } from "./actors.ts";
import { codeOf } from "./untrusted.ts";

/** A reason may have 1 KiB; with everything else, and JSON's escapes, a file stays far below this. */
const FILE_MAX_BYTES = 16 * 1024;

/** A file that changed so lately may change again without a trace in its times: it is read again at every look. */
const SETTLED_MS = 2000;

export interface OrderFile {
  /** The file's owner, whom the kernel knows. */
  readonly uid: number | undefined;
  /** undefined when it could not be read. */
  readonly text: string | undefined;
  /** Why it cannot be taken at its word, to be read after "the file". */
  readonly problem: string | undefined;
  /** When it was put there or last changed, milliseconds since 1970: the one of its times that nobody can set. */
  readonly changedMs: number | undefined;
  /** The same stamp means the same content; empty means that it must be read again. */
  readonly stamp: string;
}

/** The folder, as far as it says whose files are expected in it. */
export type FolderOwner = Pick<Stats, "uid" | "gid">;

/**
 * Reads the file at `path`. Links are not followed, nothing but a regular file is opened, and no more is read than
 * an order can have.
 *
 * @param knownStamp Of the content that is known already.
 * @param wallMs Now, milliseconds since 1970.
 * @returns undefined when the file is gone. Never throws: what cannot be read has a `problem`.
 */
export async function readOrderFile(
  path: string,
  folder: FolderOwner,
  knownStamp: string,
  wallMs: number,
): Promise<OrderFile | "same" | undefined> {
  const unread = { uid: undefined, text: undefined, changedMs: undefined, stamp: "" };
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    return { ...unread, problem: `cannot be seen: ${codeOf(error)}` };
  }
  const stamp = stampOf(stats, wallMs);
  if (stamp !== "" && stamp === knownStamp) return "same";
  // What `touch` makes needs no look inside.
  if (stats.isFile() && stats.size === 0) {
    const { uid, ctimeMs: changedMs } = stats;
    return { uid, changedMs, stamp, text: "", problem: rightsProblem(stats, folder) };
  }
  const seen = { ...unread, uid: stats.uid, changedMs: stats.ctimeMs, stamp };
  if (!stats.isFile()) return { ...seen, problem: "is not a regular file" };
  try {
    const opened = await readBounded(path);
    return {
      // Of what was opened: the path may name another file by now.
      uid: opened.stats.uid,
      changedMs: opened.stats.ctimeMs,
      text: opened.text,
      problem: rightsProblem(opened.stats, folder),
      stamp: stampOf(opened.stats, wallMs),
    };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    return { ...seen, stamp: "", problem: `cannot be read: ${codeOf(error)}` };
  }
}

function stampOf({ ino, size, mode, uid, gid, ctimeMs }: Stats, wallMs: number): string {
  const isSettled = Math.abs(wallMs - ctimeMs) > SETTLED_MS;
  return isSettled ? [ino, size, mode, uid, gid, ctimeMs].join(" ") : "";
}

/**
 * Whoever may write in the folder may write orders. A file of anybody else was moved or linked there: its owner can
 * change it at any time, without ever having been allowed to.
 */
function rightsProblem(file: Stats, folder: FolderOwner): string | undefined {
  if ((file.mode & 0o002) !== 0) return "is writable by everybody";
  const expected = [0, folder.uid, process.geteuid?.()];
  // In a set-group-ID folder a new file gets the folder's group; who is no member could not have made it.
  if (expected.includes(file.uid) || file.gid === folder.gid || isMember(file.uid, folder.gid)) {
    return undefined;
  }
  return `belongs to uid ${file.uid}, who is not in the folder's group`;
}

async function readBounded(path: string): Promise<{ text: string; stats: Stats }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(FILE_MAX_BYTES);
    const { bytesRead } = await file.read(bytes, 0, FILE_MAX_BYTES, 0);
    return { text: bytes.toString("utf8", 0, bytesRead), stats: await file.stat() };
  } finally {
    await file.close();
  }
}
