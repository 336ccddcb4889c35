/**
 * The process that the real ExaBGP runs in these tests. `relay SOCKET` connects ExaBGP's pipes with the
 * test, byte by byte; `bridge SOCKET` runs a bridge and takes its orders from the test.
 */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { Bridge, LineWriter } from "exabgp-ts-bridge";
import type {
  NeighborsListing,
  Route,
  RoutesListing,
  SessionEvent,
  Settlement,
  Timers,
} from "exabgp-ts-bridge";

/** What the test sends to a `bridge` child, one a line. */
export type Order =
  | { readonly id: number; readonly verb: "announce" | "withdraw"; readonly route: Route }
  | { readonly id: number; readonly verb: "list" }
  | { readonly id: number; readonly verb: "neighbors" }
  /** All in one moment: a pipe may split lines that were written together. */
  | { readonly verb: "at-once"; readonly orders: readonly Order[] }
  /** From now on sessions are told too. */
  | { readonly id: number; readonly verb: "sessions" };

/** What a `bridge` child tells the test, one a line. */
export type Report =
  | { readonly kind: "ready"; readonly version: string; readonly dialect: number }
  | { readonly kind: "problem"; readonly word: string }
  | { readonly kind: "session"; readonly event: SessionEvent }
  | { readonly kind: "listing"; readonly id: number; readonly listing: RoutesListing }
  | { readonly kind: "neighbors"; readonly listing: NeighborsListing }
  | { readonly kind: "settled"; readonly id: number; readonly settlement: Settlement };

const timers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

function relay(socket: Socket): void {
  socket.on("data", (chunk: Buffer) => writeSync(1, chunk));
  process.stdin.pipe(socket);
}

function runBridge(socket: Socket): void {
  const tell = (report: Report): void => void socket.write(`${JSON.stringify(report)}\n`);
  let tellsSessions = false;
  const writer = new LineWriter({ fd: 1, timers, failed: () => process.exit(1) });
  const bridge = new Bridge(
    { input: process.stdin, output: writer.write, timers, nonce: randomUUID(), dialect: "auto" },
    {
      ready: ({ version, dialect }) => tell({ kind: "ready", version, dialect }),
      session: (event) => tellsSessions && tell({ kind: "session", event }),
      update: () => {},
      inputEnd: () => process.exit(0),
      problem: ({ word }) => tell({ kind: "problem", word }),
    },
  );
  bridge.start();
  const obey = (order: Order): void => {
    if (order.verb === "at-once") {
      for (const one of order.orders) obey(one);
      return;
    }
    const { id, verb } = order;
    if (verb === "sessions") {
      tellsSessions = true;
      bridge.listSessions();
    } else if (verb === "neighbors") {
      bridge.listNeighbors((listing) => tell({ kind: "neighbors", listing }));
    } else if (verb === "list") {
      bridge.listRoutes((listing) => tell({ kind: "listing", id, listing }));
    } else {
      bridge[verb](order.route, (settlement) => tell({ kind: "settled", id, settlement }));
    }
  };
  // The test is the only one that writes here.
  createInterface({ input: socket }).on("line", (line) => obey(JSON.parse(line) as Order));
}

const [mode, path = ""] = process.argv.slice(2);
const socket = connect(path, () => {
  socket.write(`${process.pid}\n`);
  if (mode === "bridge") runBridge(socket);
  else relay(socket);
});
socket.on("close", () => process.exit(0));
socket.on("error", () => process.exit(1));
