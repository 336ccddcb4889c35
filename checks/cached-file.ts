/** A small file that is read again when it has changed. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";

/** What a file was when it was read; another value means that it must be read again. */
type Version = string;

/**
 * Returns a function that gives the file's content as `parse` made it, or throws what `stat`, `open`,
 * `read` or `parse` threw, and for what is no regular file: nobody may ever write to a FIFO. Synchronous on purpose: the thread pool, which a dead disk or name service can
 * block for everybody, is kept out of the way of checks. At most `maxBytes` are read.
 */
export function createCachedFile<T>(
  path: string,
  maxBytes: number,
  parse: (content: Buffer) => T,
): () => T {
  let cached: { readonly version: Version; readonly value: T } | undefined;
  return () => {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true });
    const version = `${mtimeNs} ${size} ${ino}`;
    if (cached?.version !== version) cached = { version, value: parse(readStart(path, maxBytes)) };
    return cached.value;
  };
}

function readStart(path: string, maxBytes: number): Buffer {
  // A FIFO without a writer would keep the whole agent here.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(file).isFile()) throw new Error(`not a regular file: ${path}`);
    const buffer = Buffer.alloc(maxBytes);
    return buffer.subarray(0, readSync(file, buffer, 0, maxBytes, 0));
  } finally {
    closeSync(file);
  }
}
