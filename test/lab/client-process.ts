/** Runs inside a client's namespace for as long as the lab: makes HTTP requests when its parent says so. */
import { get } from "node:http";
import type { Answer, ClientOrder, ClientReport } from "./client.ts";
import { wallClockMs } from "./wait.ts";

const watches = new Map<number, NodeJS.Timeout>();

process.on("message", (order: ClientOrder) => {
  switch (order.kind) {
    case "get":
      void answerOnce(order);
      return;
    case "watch":
      watch(order);
      return;
    case "stop":
      clearInterval(watches.get(order.id));
      watches.delete(order.id);
  }
});
process.once("disconnect", () => process.exit(0));
report({ kind: "ready" });

async function answerOnce({ id, url, timeoutMs }: ClientOrder & { kind: "get" }): Promise<void> {
  report({ kind: "answer", id, answer: await ask(url, timeoutMs) });
}

/** One request on a new connection: a kept one would stay with the PoP that it began with. */
function ask(url: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => void (text += chunk));
      response.once("end", () => settle({ by: text.trim() }));
    });
    const timer = setTimeout(() => settle({ error: "timeout" }), timeoutMs);
    request.once("error", (error: NodeJS.ErrnoException) => {
      settle({ error: error.code ?? error.message });
    });
    function settle(answer: { by: string } | { error: string }): void {
      clearTimeout(timer);
      request.destroy();
      resolve({ atMs: wallClockMs(), ...answer });
    }
  });
}

/** Asks without waiting for the answer before; reports only what differs from the last answer. */
function watch({ id, url, everyMs, timeoutMs }: ClientOrder & { kind: "watch" }): void {
  let last: string | undefined;
  async function look(): Promise<void> {
    const answer = await ask(url, timeoutMs);
    const word = "by" in answer ? answer.by : answer.error;
    if (word !== last) report({ kind: "answer", id, answer });
    last = word;
  }
  const timer = setInterval(() => void look(), everyMs);
  watches.set(id, timer);
}

function report(message: ClientReport): void {
  process.send?.(message);
}
