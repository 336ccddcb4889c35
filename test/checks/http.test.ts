import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BODY_MAX_BYTES } from "../../checks/http-request.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { answering, freePort, listen, type Serve } from "./servers.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const EMPTY_503 = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
const MOVED = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";

function status(code: number): string {
  return `HTTP/1.1 ${code} Any\r\nContent-Length: 0\r\n\r\n`;
}

function inPieces(...pieces: string[]): Serve {
  return (socket) => {
    socket.setNoDelay();
    socket.once("data", () => {
      const writeNext = (): void => {
        const piece = pieces.shift();
        // Each in its own turn, so that it is a chunk of its own at the other end.
        if (piece !== undefined) socket.write(piece, "latin1", () => setImmediate(writeNext));
      };
      writeNext();
    });
  };
}

/** Header and a body that never ends. */
const endless: Serve = (socket) => {
  const chunk = Buffer.alloc(16 * 1024, "x");
  const pump = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.once("data", () => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.on("drain", pump);
    pump();
  });
};

interface Case {
  readonly name: string;
  readonly serve: Serve;
  readonly keys?: object;
  readonly is: string;
  readonly detail: RegExp;
}

const cases: readonly Case[] = [
  { name: "200", serve: answering(OK), is: "pass passed", detail: /^status 200$/ },
  { name: "204", serve: answering(status(204)), is: "pass passed", detail: /^status 204$/ },
  { name: "503", serve: answering(EMPTY_503), is: "fail wrong-status", detail: /^status 503$/ },
  { name: "a redirect", serve: answering(MOVED), is: "fail wrong-status", detail: /^status 302$/ },
  {
    name: "503 where it is expected",
    serve: answering(EMPTY_503),
    keys: { "expect-status": [200, "500-599"] },
    is: "pass passed",
    detail: /^status 503$/,
  },
  {
    name: "200 where it is not expected",
    serve: answering(OK),
    keys: { "expect-status": [204] },
    is: "fail wrong-status",
    detail: /^status 200$/,
  },
  {
    name: "an early hint before the answer",
    serve: answering(`HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${OK}`),
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "another protocol",
    serve: answering("HTTP/1.1 101 Any\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    is: "fail wrong-status",
    detail: /^status 101$/,
  },
  {
    name: "the expected body",
    serve: answering(OK),
    keys: { "expect-body": "ok" },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "another body, which is not shown",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"),
    keys: { "expect-body": "ok" },
    is: "fail wrong-body",
    detail: /^no match in 6 bytes, status 200$/,
  },
  {
    name: "no body where one is expected",
    serve: answering(status(204)),
    keys: { "expect-body": "ok" },
    is: "fail wrong-body",
    detail: /^no match in 0 bytes/,
  },
  {
    name: "the right body with the wrong status",
    serve: answering("HTTP/1.1 500 Any\r\nContent-Length: 2\r\n\r\nok"),
    keys: { "expect-body": "ok" },
    is: "fail wrong-status",
    detail: /^status 500$/,
  },
  {
    name: "a body that matches /regex/i",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nStatus=UP"),
    keys: { "expect-body": "/^status=up$/i" },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "a body that /regex/ does not match",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nStatus=UP"),
    keys: { "expect-body": "/^status=up$/" },
    is: "fail wrong-body",
    detail: /^no match in 9 bytes/,
  },
  {
    name: "a body in pieces, a character split",
    serve: inPieces(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "3\r\nall\r\n",
      "6\r\n good \r\n",
      // The two bytes of an e with an acute accent, in UTF-8.
      "2\r\n\u00c3",
      "\u00a9\r\n0\r\n\r\n",
    ),
    keys: { "expect-body": "all good \u00e9" },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "a body that ends with the connection",
    serve: (socket) => socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nall good")),
    keys: { "expect-body": "all good" },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "a compressed body, which stays as it is",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"),
    keys: { "expect-body": "plain" },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "an endless body without the text",
    serve: endless,
    keys: { "expect-body": "y" },
    is: "fail wrong-body",
    detail: new RegExp(`^no match in the first ${BODY_MAX_BYTES} bytes`),
  },
  {
    name: "an endless body with the text",
    serve: endless,
    keys: { "expect-body": `/^x{${BODY_MAX_BYTES}}$/` },
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "an endless body that nobody asked for",
    serve: endless,
    is: "pass passed",
    detail: /^status 200$/,
  },
  {
    name: "HEAD with a length and no body",
    serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    keys: { method: "HEAD" },
    is: "pass passed",
    detail: /^status 200$/,
  },
];

describe("http answers", { timeout: HANG_MS }, () => {
  for (const { name, serve, keys, is, detail } of cases) {
    test(name, async (context) => {
      const server = await listen(context, serve);
      const url = `http://127.0.0.1:${server.port}/healthz?token=secret`;
      const { result, error } = await runCheck({ type: "http", url, ...keys });
      assert.equal(`${result.outcome} ${result.reason}`, is, result.detail);
      assert.match(result.detail, detail);
      assert.doesNotMatch(result.detail, /secret/);
      assert.equal(error, undefined);
      await server.allClosed();
      assert.equal(server.sockets.length, 1);
      assert.equal(server.received.match(/ HTTP\/1\.1\r\n/g)?.length, 1);
    });
  }
});

describe("http requests", { timeout: HANG_MS }, () => {
  test("exactly what is configured is sent", async (context) => {
    const server = await listen(context, answering(OK));
    const url = `http://127.0.0.1:${server.port}/a%20b?c=d`;
    const headers = { "X-Probe": "one two", "User-Agent": "curl" };
    await runCheck({ type: "http", url, method: "OPTIONS", headers, host: "www.example:81" });
    assert.deepEqual(
      server.received.split("\r\n").toSorted(),
      [
        "",
        "",
        "OPTIONS /a%20b?c=d HTTP/1.1",
        "Connection: close",
        "host: www.example:81",
        "user-agent: curl",
        "x-probe: one two",
      ].toSorted(),
    );
  });

  test("a POST has no body", async (context) => {
    const server = await listen(context, answering(OK));
    const url = `http://127.0.0.1:${server.port}/`;
    const { result } = await runCheck({ type: "http", url, method: "POST" });
    assert.equal(result.outcome, "pass");
    await server.allClosed();
    assert.match(server.received, /^POST \/ HTTP\/1\.1\r\n/);
    assert.match(server.received, /\r\ncontent-length: 0\r\n/i);
    assert.ok(server.received.endsWith("\r\n\r\n"));
  });

  test("each poll is a new connection", async (context) => {
    const server = await listen(context, answering(OK));
    const check = { type: "http", url: `http://127.0.0.1:${server.port}/` };
    for (const polls of [1, 2, 3]) {
      await runCheck(check);
      await server.allClosed();
      assert.equal(server.sockets.length, polls);
    }
  });

  test("IPv6", async (context) => {
    const server = await listen(context, answering(OK), { host: "::1" });
    const { result } = await runCheck({ type: "http", url: `http://[::1]:${server.port}/` });
    assert.equal(result.outcome, "pass");
    assert.match(server.received, new RegExp(`\r\nhost: \\[::1\\]:${server.port}\r\n`, "i"));
  });

  test("proxies of the environment are ignored", async (context) => {
    const server = await listen(context, answering(OK));
    const proxy = `http://127.0.0.1:${await freePort()}/`;
    const names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    for (const name of names) process.env[name] = proxy;
    context.after(() => {
      for (const name of names) delete process.env[name];
    });
    const { result } = await runCheck({ type: "http", url: `http://127.0.0.1:${server.port}/` });
    assert.equal(result.outcome, "pass");
  });
});
