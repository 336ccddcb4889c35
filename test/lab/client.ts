/** A user of the anycast address, in a region of the lab. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Lab } from "./lab.ts";
import { baseEnvironment, type Namespace } from "./namespace.ts";
import { waitUntil, wallClockMs, type WaitOptions } from "./wait.ts";

/** What came back, and when (wall clock): a PoP's name, or a code such as `ECONNREFUSED` or `timeout`. */
export type Answer =
  | { readonly atMs: number; readonly by: string }
  | { readonly atMs: number; readonly error: string };

/** From the parent to the process in the namespace. */
export type ClientOrder =
  | { readonly kind: "get"; readonly id: number; readonly url: string; readonly timeoutMs: number }
  | {
      readonly kind: "watch";
      readonly id: number;
      readonly url: string;
      readonly everyMs: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: "stop"; readonly id: number };

/** And back. */
export type ClientReport =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer };

export interface Client {
  readonly name: string;
  readonly namespace: Namespace;
  /** One request; never rejects because nobody answered. `timeoutMs` is 500 by default. */
  get(url: string, timeoutMs?: number): Promise<Answer>;
  /** Waits until `by` answers. */
  waitForAnswer(url: string, by: string, options?: WaitOptions): Promise<Answer>;
  /**
   * Asks every `everyMs`, without waiting for the answer before, and calls `seen` with the first answer and
   * with each that differs from the one before. The returned function ends it.
   */
  watch(
    url: string,
    options: { readonly everyMs: number; readonly timeoutMs?: number },
    seen: (answer: Answer) => void,
  ): () => void;
}

/** Long enough for a healthy path of the lab, short enough to see an outage as one. */
const REQUEST_TIMEOUT_MS = 500;

/** Resolves when the client can ask. */
export async function startClient(lab: Lab, namespace: Namespace, name: string): Promise<Client> {
  const program = fileURLToPath(new URL("client-process.js", import.meta.url));
  const child = spawn("ip", ["netns", "exec", namespace.name, process.execPath, program], {
    env: baseEnvironment(),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  lab.onRemove(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  const listeners = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  function order(message: ClientOrder): void {
    if (child.connected) child.send(message);
  }
  child.on("message", (report: ClientReport) => {
    if (report.kind === "answer") listeners.get(report.id)?.(report.answer);
  });
  child.once("exit", () => {
    for (const tell of listeners.values()) tell({ atMs: wallClockMs(), error: "client-ended" });
  });
  await once(child, "message");
  // The lab's end is what ends it: a client alone must not keep a test running.
  child.unref();
  child.channel?.unref();

  const client: Client = {
    name,
    namespace,
    get(url, timeoutMs = REQUEST_TIMEOUT_MS) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve) => {
        child.channel?.ref();
        listeners.set(id, (answer) => {
          listeners.delete(id);
          if (listeners.size === 0) child.channel?.unref();
          resolve(answer);
        });
        order({ kind: "get", id, url, timeoutMs });
      });
    },
    waitForAnswer: (url, by, options) =>
      waitUntil(
        `${name} to be answered by ${by} at ${url}`,
        async () => {
          const answer = await client.get(url);
          return "by" in answer && answer.by === by ? answer : undefined;
        },
        options,
      ),
    watch(url, { everyMs, timeoutMs = REQUEST_TIMEOUT_MS }, seen) {
      lastId += 1;
      const id = lastId;
      listeners.set(id, seen);
      order({ kind: "watch", id, url, everyMs, timeoutMs });
      return () => {
        listeners.delete(id);
        order({ kind: "stop", id });
      };
    },
  };
  return client;
}
