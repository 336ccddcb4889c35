/**
 * A worker whose thread may start long after the agent has. An upgrade of the package takes the files of the running
 * version away; one that was opened before can still be read.
 */
import { fstatSync, openSync, readSync } from "node:fs";
import { Worker, type WorkerOptions } from "node:worker_threads";

export type StartWorker = (options: WorkerOptions) => Worker;

/**
 * @param url Of the worker's module, `….js`. Where a package has all of it in one file `….cjs`, that file is opened now
 *   and stays open; otherwise the module is loaded when a thread starts.
 * @returns Starts a thread. It throws if the host has none left, or its file cannot be read.
 */
export function holdWorker(url: URL): StartWorker {
  const held = openHeld(new URL(url.href.replace(/\.js$/, ".cjs")));
  if (held === undefined) return (options) => new Worker(url, options);
  return (options) => new Worker(readWhole(held), { ...options, eval: true });
}

/** @returns Its descriptor, which no child inherits; undefined if there is no such file. */
function openHeld(url: URL): number | undefined {
  try {
    return openSync(url, "r");
  } catch {
    return undefined;
  }
}

/** From its beginning, however often. */
function readWhole(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size);
  let end = 0;
  while (end < bytes.length) {
    const count = readSync(file, bytes, end, bytes.length - end, end);
    if (count === 0) throw new Error(`Cannot read a worker: ${end} of ${bytes.length} bytes`);
    end += count;
  }
  return bytes.toString("utf8");
}
