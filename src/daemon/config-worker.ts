/** Runs in a worker thread: reading a thousand services takes a second, and probes must go on meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { readConfiguration } from "./configuration.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
parentPort?.postMessage(readConfiguration(String(workerData)));
