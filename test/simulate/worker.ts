/** Runs the seeds that it is given, one after another, and tells of each. */
import { parentPort } from "node:worker_threads";
import { run } from "./run.ts";

export interface Job {
  readonly seed: number;
  readonly durationMs: number;
}

parentPort?.on("message", (job: Job) => {
  void run(job).then(({ violation, counts }) =>
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage({ seed: job.seed, violation, counts }),
  );
});
