/**
 * Loaded into an agent by NODE_OPTIONS, because the agent itself has no way to be blocked: at SIGUSR2 its main thread
 * spins for BLOCK_MS milliseconds, and then at once goes on. At SIGWINCH its threads end, and it spins soon after.
 */
import { syncBuiltinESMExports } from "node:module";
import threads, { isMainThread } from "node:worker_threads";

/** More than the agent needs to find that out, and to tell another thread what it must know. */
const SOON_MS = 500;

if (isMainThread) {
  process.on("SIGUSR2", () => {
    const endMs = performance.now() + Number(process.env["BLOCK_MS"]);
    while (performance.now() < endMs);
  });
  const { Worker } = threads;
  const started: InstanceType<typeof Worker>[] = [];
  threads.Worker = class extends Worker {
    constructor(...how: ConstructorParameters<typeof Worker>) {
      super(...how);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  process.on("SIGWINCH", () => {
    const ended = started.map((thread) => thread.terminate());
    void Promise.all(ended).then(() => setTimeout(() => process.emit("SIGUSR2"), SOON_MS));
  });
}
