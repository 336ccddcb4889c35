/**
 * What status requests do to probes: 100 HTTP checks a second, without and with 1,000 requests a second for the whole
 * status. Lateness is what is more than a second between two probes of one check, as the probed server sees them.
 * Usage: node dist/bench/status-load.js [SECONDS] [SERVICES] [REQUESTS], by default 30, 100 and 1000. Needs no root.
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { startLoneAgent, type LoneAgent } from "./lone-agent.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { quantile } from "./statistics.ts";
import { print, formatTable } from "./table.ts";
import { cpuMs } from "./usage.ts";

const INTERVAL_MS = 1000;

/** Those that wait when a tick comes are sent with it: at most so many at once, which is below the agent's limit. */
const OPEN_MAX = 48;
const TICK_MS = 5;

const REQUEST = "GET /v1/status HTTP/1.1\r\nhost: agent\r\n\r\n";

/** In a thread of its own: what keeps this one busy must not make a poll look late. */
const SERVER = `
  const { parentPort } = require("node:worker_threads");
  let seen = [];
  const server = require("node:net").createServer((socket) => {
    socket.once("data", (chunk) => {
      seen.push([chunk.toString("latin1").split(" ", 2)[1], performance.now()]);
      socket.end("HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n");
    });
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
  parentPort.on("message", () => { parentPort.postMessage(seen); seen = []; });
`;

type Poll = readonly [path: string, atMs: number];

interface Phase {
  readonly name: string;
  readonly lateMs: readonly number[];
  readonly answered: number;
  readonly kibibytes: number;
  readonly slowestMs: number;
  readonly cpuPercent: number;
}

async function measure(
  name: string,
  agent: LoneAgent,
  server: Worker,
  seconds: number,
  perSecond: number,
): Promise<Phase> {
  await pollsOf(server);
  const cpuBeforeMs = cpuMs(agent.pid);
  const load = await request(agent.socketPath, seconds, perSecond);
  const cpuPercent = (cpuMs(agent.pid) - cpuBeforeMs) / (seconds * 10);
  const lastOf = new Map<string, number>();
  const lateMs = (await pollsOf(server)).flatMap(([path, atMs]) => {
    const lastMs = lastOf.get(path);
    lastOf.set(path, atMs);
    return lastMs === undefined ? [] : [Math.max(0, atMs - lastMs - INTERVAL_MS)];
  });
  return { name, lateMs: lateMs.toSorted((a, b) => a - b), cpuPercent, ...load };
}

function next(server: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    server.once("message", resolve);
    server.once("error", reject);
  });
}

async function pollsOf(server: Worker): Promise<readonly Poll[]> {
  const told = next(server);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  server.postMessage("tell");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what SERVER says
  return (await told) as readonly Poll[];
}

/** Asks `perSecond` times a second, spread evenly, and reads each answer to its end. */
async function request(
  socketPath: string,
  seconds: number,
  perSecond: number,
): Promise<Pick<Phase, "answered" | "kibibytes" | "slowestMs">> {
  const seen = { open: 0, answered: 0, bytes: 0, slowestMs: 0 };
  const ask = () => {
    seen.open += 1;
    const startMs = performance.now();
    let length = 0;
    const socket = connect(socketPath, () => socket.write(REQUEST));
    socket.on("data", (chunk) => (length += chunk.length));
    socket.on("error", () => {});
    socket.on("close", () => {
      seen.open -= 1;
      if (length === 0) return;
      seen.answered += 1;
      seen.bytes += length;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - startMs);
    });
  };
  let sent = 0;
  const startMs = performance.now();
  for (let passedMs = 0; passedMs < seconds * 1000; passedMs = performance.now() - startMs) {
    const due = Math.floor((passedMs * perSecond) / 1000);
    const now = Math.min(due - sent, OPEN_MAX - seen.open);
    for (let nth = 0; nth < now; nth += 1) ask();
    sent += Math.max(0, now);
    await delay(TICK_MS);
  }
  const { answered, bytes, slowestMs } = seen;
  return { answered, kibibytes: bytes / Math.max(1, answered) / 1024, slowestMs };
}

async function main(seconds: number, services: number, perSecond: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${services} services\n`);
  const server = new Worker(SERVER, { eval: true });
  const port = Number(await next(server));
  const agent = await startLoneAgent(configOf(services, port));
  try {
    const phases: Phase[] = [];
    for (const [name, rate] of [
      ["no requests", 0],
      [`${perSecond} requests a second`, perSecond],
      ["no requests again", 0],
    ] as const) {
      phases.push(await measure(name, agent, server, seconds, rate));
    }
    report(phases, seconds);
  } finally {
    await agent.stop();
    await server.terminate();
  }
  print(`\n${describeLoad("after")}`);
}

/** 100 checks a second, however many services there are: those of the others wait for an hour. */
function configOf(services: number, port: number): string {
  const entries = Array.from({ length: services }, (_, nth) => {
    const url = `http://127.0.0.1:${port}/s${nth}`;
    const interval = nth < 100 ? "" : ", interval: 1h, timeout: 500ms";
    return `  s${nth}: { prefixes: [10.${nth >> 8}.${nth & 255}.0/24], scope: local, checks: { web: { type: http, url: "${url}", rise: 1${interval} } } }\n`;
  });
  return `services:\n${entries.join("")}`;
}

function report(phases: readonly Phase[], seconds: number): void {
  print("How late probes start, ms, and what the requests got:\n");
  const heads = [
    "",
    "probes",
    "median",
    "p99",
    "max",
    "answers/s",
    "KiB each",
    "slowest ms",
    "CPU %",
  ];
  print(
    formatTable(
      heads,
      phases.map(({ name, lateMs, answered, kibibytes, slowestMs, cpuPercent }) => [
        name,
        String(lateMs.length),
        ...[0.5, 0.99, 1].map((part) => quantile(lateMs, part).toFixed(1)),
        (answered / seconds).toFixed(0),
        kibibytes.toFixed(1),
        slowestMs.toFixed(0),
        cpuPercent.toFixed(0),
      ]),
    ),
  );
}

await main(
  Number(process.argv[2] ?? 30),
  Number(process.argv[3] ?? 100),
  Number(process.argv[4] ?? 1000),
);
