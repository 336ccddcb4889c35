/** What servers and networks do to a request. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, test } from "node:test";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { answering, freePort, listen, type Serve } from "./servers.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

const afterRequest =
  (act: Serve): Serve =>
  (socket) =>
    socket.once("data", () => act(socket));

const broken: readonly { name: string; serve: Serve; reason: string; detail: RegExp }[] = [
  {
    name: "reset before the request",
    serve: (socket) => socket.resetAndDestroy(),
    reason: "reset",
    detail: /ECONNRESET/,
  },
  {
    name: "reset instead of an answer",
    serve: afterRequest((socket) => socket.resetAndDestroy()),
    reason: "reset",
    detail: /ECONNRESET/,
  },
  {
    name: "closed before the request",
    serve: (socket) => socket.end(),
    reason: "closed",
    detail: /^socket hang up$/,
  },
  {
    name: "closed instead of an answer",
    serve: afterRequest((socket) => socket.end()),
    reason: "closed",
    detail: /^socket hang up$/,
  },
  {
    name: "closed within the header",
    serve: afterRequest((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le")),
    reason: "closed",
    detail: /^socket hang up$/,
  },
  {
    name: "closed within the body",
    serve: afterRequest((socket) => socket.end(`${HEAD}half`)),
    reason: "closed",
    detail: /aborted/,
  },
  {
    name: "garbage",
    serve: answering("SSH-2.0-OpenSSH_9.2\r\n"),
    reason: "bad-response",
    detail: /^Parse Error: Expected HTTP\//,
  },
  {
    name: "a huge header",
    serve: answering(`HTTP/1.1 200 OK\r\nX: ${"a".repeat(64 * 1024)}\r\n\r\n`),
    reason: "bad-response",
    detail: /^Parse Error: Header overflow$/,
  },
  {
    name: "two framings of the body",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
    reason: "bad-response",
    detail: /^Parse Error/,
  },
  {
    name: "a bad chunk",
    serve: answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    reason: "bad-response",
    detail: /^Parse Error/,
  },
];

describe("http connections that break", { timeout: HANG_MS }, () => {
  for (const { name, serve, reason, detail } of broken) {
    test(name, async (context) => {
      const server = await listen(context, serve);
      const url = `http://127.0.0.1:${server.port}/`;
      const { result, error } = await runCheck({ type: "http", url, "expect-body": "never" });
      assert.equal(`${result.outcome} ${result.reason}`, `fail ${reason}`, result.detail);
      assert.match(result.detail, detail);
      assert.equal(error, undefined);
      await server.connection();
      await server.allClosed();
      assert.equal(server.sockets.length, 1);
    });
  }

  test("refused, and not tried again", async (context) => {
    const port = await freePort();
    let sockets = 0;
    const count = (): void => {
      sockets += 1;
    };
    subscribe("net.client.socket", count);
    context.after(() => unsubscribe("net.client.socket", count));
    const { result } = await runCheck({ type: "http", url: `http://127.0.0.1:${port}/` });
    assert.equal(result.reason, "refused");
    assert.equal(result.detail, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.equal(sockets, 1);
  });
});

describe("http servers that hang", { timeout: HANG_MS }, () => {
  const hanging: readonly { name: string; scheme?: string; serve: Serve; detail: RegExp }[] = [
    { name: "silent", serve: () => undefined, detail: /^waiting for the status line$/ },
    {
      name: "silent in the TLS handshake",
      scheme: "https",
      serve: () => undefined,
      detail: /^waiting for the TLS handshake$/,
    },
    {
      name: "half a header",
      serve: afterRequest((socket) => socket.write("HTTP/1.1 200 OK\r\nConte")),
      detail: /^waiting for the status line$/,
    },
  ];
  for (const { name, scheme = "http", serve, detail } of hanging) {
    test(name, async (context) => {
      const server = await listen(context, serve);
      const timers = manualTimers();
      const url = `${scheme}://127.0.0.1:${server.port}/`;
      const running = runCheck({ type: "http", url }, { timers, timeoutMs: 500 });
      await server.request();
      timers.advance(500);
      const { result } = await running;
      assert.equal(`${result.outcome} ${result.reason}`, "fail timeout");
      assert.match(result.detail, detail);
      assert.equal(timers.pending, 0);
      await server.allClosed();
    });
  }

  test("a slow body", async (context) => {
    const timers = manualTimers();
    // One byte a turn: the time is over long before the hundredth.
    const server = await listen(
      context,
      afterRequest((socket) => {
        socket.setNoDelay();
        socket.write(HEAD);
        const drip = (): void => {
          timers.advance(10);
          if (!socket.destroyed) socket.write("x", () => setImmediate(drip));
        };
        drip();
      }),
    );
    const url = `http://127.0.0.1:${server.port}/`;
    const check = { type: "http", url, "expect-body": "x" };
    const { result } = await runCheck(check, { timers, timeoutMs: 500 });
    assert.equal(`${result.outcome} ${result.reason}`, "fail timeout");
    assert.match(result.detail, /^waiting for /);
    await server.allClosed();
    assert.equal(timers.pending, 0);
  });

  test("time that is over before it begins opens nothing", async (context) => {
    const server = await listen(context, () => undefined);
    const timers = manualTimers();
    const url = `http://127.0.0.1:${server.port}/`;
    const running = runCheck({ type: "http", url }, { timers, timeoutMs: 500 });
    timers.advance(500);
    const { result } = await running;
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive stalled");
    assert.match(result.detail, /before the service was asked/);
    assert.equal(server.sockets.length, 0);
  });
});
