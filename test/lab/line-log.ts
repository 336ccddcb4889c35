/** Follows a file that another process writes. */
import { closeSync, existsSync, openSync, readSync, watch, writeFileSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { LabTimeoutError, type WaitOptions } from "./wait.ts";

export interface LineLog {
  /** Every complete line so far. */
  lines(): readonly string[];
  /** The first thing that `find` makes of the lines from number `from` on (default 0), those to come included. */
  waitFor<T>(
    what: string,
    find: (line: string) => T | undefined,
    options?: WaitOptions & { readonly from?: number },
  ): Promise<T>;
  close(): void;
}

/** @param file Made empty when it does not exist. */
export function followFile(file: string): LineLog {
  if (!existsSync(file)) writeFileSync(file, "");
  const descriptor = openSync(file, "r");
  const decoder = new StringDecoder("utf8");
  const buffer = Buffer.alloc(64 * 1024);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let partial = "";
  let isClosed = false;

  function read(): void {
    // A change that was seen before `close` may be delivered after it.
    if (isClosed) return;
    for (let size = -1; size !== 0;) {
      size = readSync(descriptor, buffer, 0, buffer.length, null);
      const parts = (partial + decoder.write(buffer.subarray(0, size))).split("\n");
      partial = parts.pop() ?? "";
      lines.push(...parts);
    }
    for (const look of waiting) look();
  }

  // The watch stands before the first read: no write can fall between the two.
  const watcher = watch(file, { persistent: false }, read);
  read();
  return {
    lines() {
      read();
      return lines;
    },
    waitFor(what, find, { deadlineMs = 10_000, from = 0, hint = file } = {}) {
      return new Promise((resolve, reject) => {
        let next = from;
        function settle(act: () => void): void {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        }
        function look(): void {
          for (; next < lines.length; next += 1) {
            const found = find(lines[next] ?? "");
            if (found !== undefined) return settle(() => resolve(found));
          }
        }
        const timer = setTimeout(
          () => settle(() => reject(new LabTimeoutError(what, deadlineMs, hint))),
          deadlineMs,
        );
        waiting.add(look);
        look();
      });
    },
    close() {
      isClosed = true;
      watcher.close();
      closeSync(descriptor);
    },
  };
}
