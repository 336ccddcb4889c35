/** Seeds on all cores. */
import { Worker } from "node:worker_threads";
import type { Violation } from "./oracle.ts";

export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly counts: Readonly<Record<string, number>>;
}

/** @param told Called for each seed as it ends, in no order. @returns When all have ended, or `told` said false. */
export async function runSeeds(
  seeds: Iterable<number>,
  durationMs: number,
  workers: number,
  told: (report: Report) => boolean,
): Promise<void> {
  const queue = seeds[Symbol.iterator]();
  let isOver = false;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = new Worker(new URL("./worker.js", import.meta.url));
      await new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const { value, done } = queue.next();
          if (done === true || isOver) return resolve();
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
          worker.postMessage({ seed: value, durationMs });
        };
        worker.on("message", (report: Report) => {
          if (!told(report)) isOver = true;
          next();
        });
        worker.once("error", reject);
        next();
      });
      await worker.terminate();
    }),
  );
}
