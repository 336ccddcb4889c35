/**
 * Loaded into an agent by NODE_OPTIONS, because the agent itself has no way to be blocked: at SIGUSR2 its main thread
 * spins for BLOCK_MS milliseconds, and then at once goes on.
 */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("SIGUSR2", () => {
    const endMs = performance.now() + Number(process.env["BLOCK_MS"]);
    while (performance.now() < endMs);
  });
}
