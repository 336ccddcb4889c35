import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type NetConnectOpts, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createProbeContext } from "../../checks/context.ts";
import { holdConnection, type FindTarget } from "../../checks/held-connection.ts";
import { CheckSchema, createListen } from "../../checks/registry.ts";
import type { Listen } from "../../checks/listen.ts";
import type { Timers } from "../../checks/timers.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, until } from "./probing.ts";
import { freePort, listen } from "./servers.ts";
import { temporaryFolder } from "./temporary.ts";

const CONNECT_MAX_MS = 5000;

/** Timers that stand still, and every pause that is asked for. */
function recorded() {
  const timers = manualTimers();
  const delays: number[] = [];
  const recording: Timers = {
    nowMs: () => timers.nowMs(),
    after(delayMs, run) {
      delays.push(delayMs);
      return timers.after(delayMs, run);
    },
  };
  // Each try begins with its own limit of time.
  const pauses = () => delays.filter((_, nth) => nth % 2 === 1);
  return { timers, recording, pauses };
}

function hold(t: TestContext, target: NetConnectOpts | FindTarget) {
  const { timers, recording, pauses } = recorded();
  const find = typeof target === "function" ? target : () => Promise.resolve(target);
  return { ...follow(t, holdConnection(find, recording)), timers, pauses };
}

function follow(t: TestContext, start: Listen) {
  const heard: string[] = [];
  const listener = start((word, detail) => heard.push(`${word}: ${detail}`));
  t.after(() => listener.close());
  return { listener, heard };
}

const stands = (held: { listener: { isListening: boolean } }) =>
  until(() => held.listener.isListening);

describe("a held connection", { timeout: HANG_MS }, () => {
  test("hears that the other end closes, and is opened again", async (t) => {
    const server = await listen(t, () => {});
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await stands(held);
    await until(() => server.sockets.length === 1);
    held.timers.advance(2500);
    server.sockets[0]?.end();
    await until(() => held.heard.length === 1);
    assert.deepEqual(held.heard, [
      `connection-lost: closed by 127.0.0.1 port ${server.port} after 2.5 s`,
    ]);
    assert.equal(held.listener.isListening, false);
    held.timers.advance(100);
    await stands(held);
    assert.equal(held.heard.length, 1);
    assert.equal(server.received, "", "nothing is ever sent");
  });

  test("hears that the other end resets", async (t) => {
    const server = await listen(t, () => {});
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await stands(held);
    await until(() => server.sockets.length === 1);
    server.sockets[0]?.resetAndDestroy();
    await until(() => held.heard.length === 1);
    assert.match(held.heard[0] ?? "", /^connection-lost: reset by .* after 0\.0 s$/);
  });

  test("leaves neither end in TIME_WAIT, which would keep a server from its own port", async (t) => {
    const server = await listen(t, (socket) => socket.end());
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await until(() => held.heard.length === 1);
    await server.allClosed();
    const port = `:${server.port.toString(16).toUpperCase().padStart(4, "0")} `;
    const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
    const states = lines.filter((line) => line.includes(port)).map((line) => line.slice(34, 36));
    // 0A is LISTEN, 06 TIME_WAIT (include/net/tcp_states.h).
    assert.deepEqual(states, ["0A"]);
  });

  test("of a server that closes at once is tried ever more rarely, up to a minute", async (t) => {
    const server = await listen(t, (socket) => socket.end());
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    for (let round = 1; round <= 12; round += 1) {
      await until(() => held.pauses().length === round);
      held.timers.advance(held.pauses().at(-1) ?? 0);
    }
    assert.deepEqual(held.pauses().slice(0, 5), [100, 200, 400, 800, 1600]);
    assert.deepEqual(held.pauses().slice(-2), [60_000, 60_000]);
    assert.equal(held.heard.length, held.pauses().length);
  });

  test("that has stood for a while is opened again soon", async (t) => {
    const server = await listen(t, () => {});
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    for (const stoodMs of [1, 1, 1, 10_001, 1]) {
      const round = held.pauses().length;
      await stands(held);
      await until(() => server.sockets.length === round + 1);
      held.timers.advance(stoodMs);
      server.sockets.at(-1)?.end();
      await until(() => held.pauses().length === round + 1);
      held.timers.advance(held.pauses().at(-1) ?? 0);
    }
    assert.deepEqual(held.pauses(), [100, 200, 400, 100, 200]);
  });

  test("that cannot be opened is no event, and is tried every few seconds", async (t) => {
    const held = hold(t, { port: await freePort(), host: "127.0.0.1" });
    for (let round = 1; round <= 8; round += 1) {
      await until(() => held.pauses().length === round);
      held.timers.advance(held.pauses().at(-1) ?? 0);
    }
    assert.deepEqual(held.pauses(), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    assert.deepEqual(held.heard, []);
    assert.equal(held.listener.isListening, false);
  });

  test("stays with the service that comes back", async (t) => {
    const port = await freePort();
    const held = hold(t, { port, host: "127.0.0.1" });
    await until(() => held.pauses().length === 1);
    const server = createServer((socket) => socket.on("error", () => {})).listen(port, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    held.timers.advance(100);
    await stands(held);
    assert.deepEqual(held.heard, []);
    held.listener.close();
  });

  test("is not kept to itself on a free port, which the service would not get back", async (t) => {
    const port = await freePort();
    const held = hold(t, { port, host: "127.0.0.1", localPort: port });
    await until(() => held.pauses().length === 1);
    assert.equal(held.listener.isListening, false);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
  });

  test("gives a try up after five seconds, and tells whoever looks for the target", async (t) => {
    const signals: AbortSignal[] = [];
    const held = hold(t, (signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    held.timers.advance(CONNECT_MAX_MS - 1);
    assert.equal(signals[0]?.aborted, false);
    held.timers.advance(1);
    assert.equal(signals[0]?.aborted, true);
    held.timers.advance(100);
    assert.equal(signals.length, 2);
    assert.deepEqual(held.heard, []);
  });

  test("is tried again when the target is not known, or cannot be looked for", async (t) => {
    const answers = [undefined, "throw", undefined] as const;
    let asked = 0;
    const held = hold(t, async () => {
      const answer = answers[asked];
      asked += 1;
      if (answer === "throw") throw new Error("no");
      return await Promise.resolve(answer);
    });
    for (let round = 1; round <= 3; round += 1) {
      await until(() => held.pauses().length === round);
      held.timers.advance(held.pauses().at(-1) ?? 0);
    }
    assert.equal(asked, 4);
    assert.deepEqual(held.heard, []);
  });

  test("to a server that talks without end is given up: no event, bounded bytes", async (t) => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const talk = (socket: Socket): void => {
      while (socket.writable && socket.write(chunk)) continue;
      socket.once("drain", () => talk(socket));
    };
    const server = await listen(t, talk);
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await until(() => held.pauses().length === 1);
    await server.allClosed();
    held.timers.advance(100);
    await until(() => held.pauses().length === 2);
    assert.deepEqual(held.pauses(), [100, 200]);
    assert.deepEqual(held.heard, []);
  });

  test("to a server that greets is kept", async (t) => {
    const server = await listen(t, (socket) => socket.write("220 mail.example ESMTP\r\n"));
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await stands(held);
    await until(() => server.sockets.length === 1);
    server.sockets[0]?.end("421 too long idle\r\n");
    await until(() => held.heard.length === 1);
  });

  test("is one connection, and none after close", async (t) => {
    const server = await listen(t, () => {});
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    await stands(held);
    await server.connection();
    held.timers.advance(3_600_000);
    assert.equal(server.sockets.length, 1);
    held.listener.close();
    await server.allClosed();
    assert.deepEqual(held.heard, []);
    assert.equal(held.timers.pending, 0);
  });

  test("closed while it is opened, opens nothing more", async (t) => {
    const server = await listen(t, () => {});
    const held = hold(t, { port: server.port, host: "127.0.0.1" });
    held.listener.close();
    const other = hold(t, { port: server.port, host: "127.0.0.1" });
    await stands(other);
    await until(() => server.sockets.length > 0);
    assert.equal(held.listener.isListening, false);
    assert.equal(held.timers.pending, 0);
  });

  test("to a Unix socket hears its end too", async (t) => {
    const path = join(temporaryFolder(t), "s");
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket)).listen(path);
    await once(server, "listening");
    const held = hold(t, { path });
    await stands(held);
    await until(() => accepted.length === 1);
    server.close();
    accepted[0]?.destroy();
    await until(() => held.heard.length === 1);
    assert.match(held.heard[0] ?? "", /^connection-lost: closed by the other end after/);
    held.timers.advance(100);
    await until(() => held.pauses().length === 2);
    assert.equal(held.heard.length, 1);
  });
});

describe("watch", { timeout: HANG_MS }, () => {
  const keysOf = (port: number): Readonly<Record<string, object>> => ({
    tcp: { type: "tcp", host: "localhost", port },
    http: { type: "http", url: `http://127.0.0.1:${port}/healthz` },
    https: { type: "http", url: `https://127.0.0.1:${port}/healthz` },
  });
  for (const name of ["tcp", "http", "https"]) {
    test(`of ${name} holds a bare connection; without it there is none`, async (t) => {
      const server = await listen(t, () => {});
      const keys = keysOf(server.port)[name];
      const context = createProbeContext();
      assert.equal(createListen(CheckSchema.parse(keys), context), undefined);
      const start = createListen(CheckSchema.parse({ ...keys, watch: true }), context);
      assert.ok(start !== undefined);
      const held = follow(t, start);
      await stands(held);
      await server.connection();
      server.sockets[0]?.end();
      await until(() => held.heard.length === 1);
      assert.equal(server.received, "", "not even a handshake");
    });
  }
});
