/** What the tests of the control API have in common: a status, and a server that tells it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import type { Status } from "../../src/control/protocol.ts";
import { type ControlServerOptions, startControlServer } from "../../src/control/server.ts";
import { temporaryFolder } from "../checks/temporary.ts";

export const STATUS: Status = {
  pop: "fra1",
  agent: { version: "0.1.0", pid: 42, since: "2026-01-01T00:00:00.000Z" },
  config: {
    path: "/etc/anyctl/anyctl.yaml",
    hash: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    origin: "file",
    current: true,
    problems: [],
  },
  exabgp: {
    version: "4.2.21",
    dialect: 4,
    phase: "ready",
    acks: "on",
    echo: "unknown",
    queued: 0,
    inFlight: 0,
  },
  services: [
    {
      name: "dns",
      state: "up",
      reason: "all-checks-up",
      since: "2026-01-01T00:00:03.000Z",
      required: { up: 1, needed: 1, total: 1 },
      routes: [
        {
          prefix: "192.0.2.0/24",
          wanted: "announce",
          variant: "up",
          told: "announced",
          answer: "done",
          sent: [],
          neighbors: [
            {
              neighbor: "198.51.100.1",
              session: "up",
              wanted: "announce",
              accepted: "announce",
              held: "yes",
              sent: "announce",
            },
          ],
        },
      ],
      checks: [
        {
          name: "resolver",
          type: "tcp",
          advisory: false,
          weight: 1,
          verdict: "up",
          since: "2026-01-01T00:00:03.000Z",
          streak: "",
          last: {
            outcome: "pass",
            reason: "passed",
            detail: "",
            at: "2026-01-01T00:00:09.000Z",
            elapsedMs: 0.4,
          },
        },
      ],
    },
  ],
  sessions: [{ neighbor: "198.51.100.1", state: "up", reason: "" }],
  drains: [],
  pins: [],
  problems: [],
};

export interface TestServer {
  readonly socketPath: string;
  /** What the server reported. */
  readonly problems: string[];
  readonly close: () => Promise<void>;
}

/** A server in a folder of its own, closed after the test. */
export async function startTestServer(
  context: TestContext,
  options: Partial<ControlServerOptions> = {},
): Promise<TestServer> {
  const socketPath = join(temporaryFolder(context), "agent.sock");
  const problems: string[] = [];
  const server = await startControlServer({
    socketPath,
    status: () => STATUS,
    healthz: () => ({ ok: true, detail: "" }),
    problem: (detail) => problems.push(detail),
    timers: systemTimers,
    ...options,
  });
  context.after(() => server.close());
  return { socketPath, problems, close: () => server.close() };
}

/** A connection that says `text` and nothing more; it stays open for writing. */
export async function say(socketPath: string, text: string | Buffer): Promise<Socket> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  // The other end may end it at any moment.
  socket.on("error", () => {});
  socket.write(text);
  return socket;
}

/** Everything that comes until the other end ends the connection. */
export async function hearAll(socket: Socket): Promise<string> {
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  await closed(socket);
  return heard;
}

/** Not `once`, which rejects when the other end resets the connection. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.once("close", () => resolve());
  });
}
