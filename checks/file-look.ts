/** What a file is and how it begins, asked of a file system that may never answer. */
import { constants, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { NOT_ASKED, fail, inconclusive, type Result } from "./probe.ts";
import type { Places } from "./places.ts";

/** As of a body of HTTP: what a check needs to see comes early. */
export const CONTENT_MAX_BYTES = 64 * 1024;

/**
 * Looks under way at once, of all checks of a process. A dead network mount keeps the thread of a look for ever, and
 * Node.js has four: two are left for everything else.
 */
export const LOOKS_MAX = 2;

type Look = (signal: AbortSignal) => Promise<Result>;

/**
 * `look` with a time limit that holds whatever the file system does. Never two of one check at once: while an earlier
 * one hangs, the next attempt waits for it, and does not begin its own before.
 */
export function createBoundedLook(look: Look, places: Places): Look {
  let hanging: Promise<true> | undefined;
  return async (signal) => {
    if (hanging !== undefined) {
      const isOver = await inTime(hanging, signal);
      if (isOver === undefined) return fail("timeout", "an earlier look at it still hangs");
    }
    if (signal.aborted) return NOT_ASKED;
    const leave = await places.enter(false, signal);
    if (leave === undefined) {
      return inconclusive("stalled", "time was over while looks at other files were under way");
    }
    const looking = look(signal);
    hanging = looking
      .catch(() => undefined)
      .then(() => {
        hanging = undefined;
        leave();
        return true;
      });
    return (await inTime(looking, signal)) ?? fail("timeout", "the file system does not answer");
  };
}

/** @returns Undefined when `signal` aborts first; what comes of `promise` then is nobody's concern. */
function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** What kind of thing has `stats`, in a word for people. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return "a regular file";
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}

/**
 * The first `CONTENT_MAX_BYTES` of a regular file; what it is, if it is none. Nothing else is opened: the end of a
 * FIFO may never come, and a watchdog device starts to count when it is opened.
 *
 * @throws What stat, open or read threw.
 */
export async function readStart(path: string, signal: AbortSignal): Promise<Buffer | string> {
  const before = await stat(path);
  if (!before.isFile()) return kindOf(before);
  // It may have become a FIFO meanwhile: O_NONBLOCK opens one without waiting for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const opened = await file.stat();
    if (!opened.isFile()) return kindOf(opened);
    const buffer = Buffer.alloc(CONTENT_MAX_BYTES);
    let bytes = 0;
    // Files in /proc give less than they have, and say that they have 0 bytes.
    while (bytes < buffer.length && !signal.aborted) {
      const { bytesRead } = await file.read(buffer, bytes, buffer.length - bytes, null);
      if (bytesRead === 0) break;
      bytes += bytesRead;
    }
    return buffer.subarray(0, bytes);
  } finally {
    await file.close();
  }
}
