/** The configuration, read beside the event loop. */
import type { Worker } from "node:worker_threads";
import type { Timers } from "../../checks/timers.ts";
import type { LoadedConfig } from "../config/load.ts";
import { holdWorker } from "./worker-text.ts";

/** The largest configuration that is allowed takes a few seconds; a file system that hangs takes for ever. */
const READ_MAX_MS = 30_000;

/** Ten times what a thousand services need: what wants more must not take the agent with it. */
const MEMORY_MAX_MB = 512;

const startWorker = holdWorker(new URL("./config-worker.js", import.meta.url));

/** As `readConfiguration`. Never rejects. */
export function readAside(path: string, timers: Timers): Promise<LoadedConfig | readonly string[]> {
  const refusal = (why: string) => [`Cannot use config ${JSON.stringify(path)}: ${why}`];
  return new Promise((resolve) => {
    let worker: Worker;
    try {
      worker = startReader(path);
    } catch (error) {
      // EAGAIN: the host, or the unit's TasksMax=, has no thread left. A signal must not end the agent for that.
      resolve(refusal(`cannot start its reader: ${String(error)}`));
      return;
    }
    const finish = (read: LoadedConfig | readonly string[]) => {
      cancel();
      resolve(read);
      void worker.terminate();
    };
    const fail = (why: string) => finish(refusal(why));
    const cancel = timers.after(READ_MAX_MS, () => fail(`not read within ${READ_MAX_MS} ms`));
    worker.once("message", finish);
    worker.once("error", (error) => fail(String(error)));
    worker.once("exit", () => fail("its reader ended without a word"));
  });
}

/** @throws {Error} If no thread can be started. */
function startReader(path: string): Worker {
  return startWorker({
    workerData: path,
    // Else what a library prints would be handed on by streams of this thread.
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB },
  });
}
