import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { getStatus } from "../../src/control/client.ts";
import { UNSAFE } from "../../src/control/unsafe-text.ts";
import { systemTimers } from "../../checks/timers.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { closed, hearAll, say, startTestServer, STATUS } from "./fixtures.ts";

const [TEN_SECONDS_MS, MEGABYTE] = [10_000, 1024 * 1024];

/** What follows `HTTP/1.1 `, the header lines in lower case, and the body. */
function split(answer: string): { status: number; head: string; body: string } {
  const end = answer.indexOf("\r\n\r\n");
  const head = answer.slice(0, end).toLowerCase();
  return { status: Number(head.slice(9, 12)), head, body: answer.slice(end + 4) };
}

describe("requests and answers", () => {
  const host = "Host: x\r\n";
  const cases = [
    {
      name: "status",
      request: `GET /v1/status HTTP/1.1\r\n${host}\r\n`,
      status: 200,
      body: STATUS,
    },
    {
      name: "status with a query",
      request: `GET /v1/status?a=b HTTP/1.1\r\n${host}\r\n`,
      status: 200,
      body: STATUS,
    },
    { name: "HTTP/1.0", request: "GET /v1/status HTTP/1.0\r\n\r\n", status: 200, body: STATUS },
    {
      name: "an empty body",
      request: `GET /healthz HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
      status: 200,
      body: { ok: true, detail: "" },
    },
    {
      name: "another path",
      request: `GET / HTTP/1.1\r\n${host}\r\n`,
      status: 404,
      error:
        /allowed: \/v1\/status, \/v1\/plan, \/v1\/events, \/healthz, \/metrics, \/v1\/services\/NAME\/why, \/v1\/prefixes\/PREFIX\/why, \/v1\/reload, \/v1\/canary, \/v1\/services\/NAME\/probe"/,
    },
    {
      name: "a path above",
      request: `GET /v1/../v1/status HTTP/1.1\r\n${host}\r\n`,
      status: 404,
      error: /no such path/,
    },
    {
      name: "an encoded path",
      request: `GET /v1%2fstatus HTTP/1.1\r\n${host}\r\n`,
      status: 404,
      error: /no such path/,
    },
    {
      name: "a path of every object",
      request: `GET /__proto__ HTTP/1.1\r\n${host}\r\n`,
      status: 404,
      error: /no such path/,
    },
    {
      name: "an absolute URL",
      request: `GET http://x/v1/status HTTP/1.1\r\n${host}\r\n`,
      status: 404,
      error: /no such path/,
    },
    {
      name: "another method",
      request: `POST /v1/status HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
      status: 405,
      error: /allowed: GET, HEAD/,
    },
    {
      name: "a body",
      request: `GET /v1/status HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\n`,
      status: 413,
      error: /takes no body/,
    },
    {
      name: "a body in chunks",
      request: `GET /v1/status HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`,
      status: 413,
      error: /takes no body/,
    },
    {
      name: "a body that waits",
      request: `GET /v1/status HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
      status: 413,
      error: /takes no body/,
    },
    {
      name: "an odd expectation",
      request: `GET /healthz HTTP/1.1\r\n${host}Expect: cake\r\n\r\n`,
      status: 200,
      body: { ok: true, detail: "" },
    },
    {
      name: "an upgrade",
      request: `GET /healthz HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      status: 200,
      body: { ok: true, detail: "" },
    },
    {
      name: "no host",
      request: "GET /healthz HTTP/1.1\r\n\r\n",
      status: 400,
      error: /no host header/,
    },
    {
      name: "no host, and garbage behind it",
      request: "GET /healthz HTTP/1.1\r\n\r\n{",
      status: 400,
      error: /no host header/,
    },
    {
      name: "garbage",
      request: "\x00\xff\x16\x03\x01 nonsense\r\n\r\n",
      status: 400,
      error: /not HTTP/,
    },
    {
      name: "NUL in the path",
      request: `GET /v1/status\0 HTTP/1.1\r\n${host}\r\n`,
      status: 400,
      error: /not HTTP/,
    },
    {
      name: "two lengths",
      request: `GET /v1/status HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      status: 400,
      error: /not HTTP/,
    },
    { name: "HTTP/2", request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 400, error: /not HTTP/ },
    {
      name: "huge headers",
      request: `GET /v1/status HTTP/1.1\r\n${host}X: ${"x".repeat(9000)}\r\n\r\n`,
      status: 431,
      error: /at most 8192 bytes/,
    },
    {
      name: "a huge path",
      request: `GET /${"x".repeat(9000)} HTTP/1.1\r\n${host}\r\n\r\n`,
      status: 431,
      error: /at most 8192 bytes/,
    },
  ];
  for (const { name, request, status, body, error } of cases) {
    it(`${name}: ${status}`, async (context) => {
      const { socketPath, problems } = await startTestServer(context);
      const answer = split(await hearAll(await say(socketPath, Buffer.from(request, "latin1"))));
      assert.equal(answer.status, status);
      const answered: unknown = JSON.parse(answer.body);
      if (error === undefined) assert.deepEqual(answered, body);
      else {
        assert.deepEqual(Object.keys(Object(answered)), ["error"]);
        assert.match(answer.body, error);
      }
      assert.match(answer.head, /\r\nconnection: close/);
      assert.match(answer.head, /\r\ncontent-type: application\/json/);
      assert.deepEqual(problems, []);
    });
  }

  it("405 names the methods in a header", async (context) => {
    const { socketPath } = await startTestServer(context);
    const socket = await say(socketPath, "DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(await hearAll(socket), /\r\nallow: GET, HEAD\r\n/);
  });

  it("HEAD gets the head and no body", async (context) => {
    const { socketPath } = await startTestServer(context);
    const socket = await say(socketPath, "HEAD /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
    const { status, head, body } = split(await hearAll(socket));
    assert.equal(status, 200);
    assert.equal(body, "");
    const length = Buffer.byteLength(`${JSON.stringify(STATUS)}\n`);
    assert.match(head, new RegExp(`content-length: ${length}`));
  });

  it("healthz is 503 with the reason while the agent cannot do its work", async (context) => {
    const health = { ok: false, detail: "exabgp does not answer" };
    const { socketPath } = await startTestServer(context, { healthz: () => health });
    const socket = await say(socketPath, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const { status, body } = split(await hearAll(socket));
    assert.equal(status, 503);
    assert.deepEqual(JSON.parse(body), health);
  });

  it("has nothing in an answer that a terminal would obey", async (context) => {
    const note = "a\nb\u001b[2J\u009b2J\u202e \u{e0001} \u00e9";
    const told = { ok: true, detail: note };
    const { socketPath } = await startTestServer(context, { healthz: () => told });
    const socket = await say(socketPath, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const body = Buffer.from(split(await hearAll(socket)).body, "latin1").toString("utf8");
    assert.doesNotMatch(body.trimEnd(), UNSAFE);
    assert.deepEqual(JSON.parse(body), told);
  });

  it("a status that throws is 500, and reported with its stack", async (context) => {
    const status = () => {
      throw new Error("no state");
    };
    const { socketPath, problems } = await startTestServer(context, { status });
    const socket = await say(socketPath, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal(split(await hearAll(socket)).status, 500);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /no state\n {4}at /);
  });
});

describe("hostile clients", () => {
  it("pipelined requests get one answer, and one status is made", async (context) => {
    let made = 0;
    const status = () => {
      made += 1;
      return STATUS;
    };
    const { socketPath } = await startTestServer(context, { status });
    const socket = await say(socketPath, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000));
    const answer = await hearAll(socket);
    assert.equal(answer.split("HTTP/1.1 200").length, 2);
    assert.equal(made, 1);
  });

  const silent = [
    { name: "says nothing", text: "" },
    { name: "stops in the headers", text: "GET /v1/status HTTP/1.1\r\nHost: x\r\n" },
  ];
  for (const { name, text } of silent) {
    it(`a client that ${name} is sent away when its time is over`, async (context) => {
      const timers = manualTimers();
      const { socketPath } = await startTestServer(context, { timers });
      const socket = await say(socketPath, text);
      const heard = hearAll(socket);
      await until(() => timers.pending === 1);
      timers.advance(TEN_SECONDS_MS);
      assert.equal(split(await heard).status, 408);
    });
  }

  it("a client that does not read its answer is sent away when its time is over", async (context) => {
    const timers = manualTimers();
    const problem = { since: "", word: "large", detail: "x".repeat(8 * MEGABYTE) };
    const status = () => ({ ...STATUS, problems: [problem] });
    const { socketPath } = await startTestServer(context, { timers, status });
    const socket = await say(socketPath, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.pause();
    await until(() => socket.readableLength > 0);
    timers.advance(TEN_SECONDS_MS);
    socket.resume();
    const heard = await hearAll(socket);
    assert.ok(heard.length < 8 * MEGABYTE, "the whole answer came");
    assert.equal(timers.pending, 0);
  });

  it("an endless body is not read", async (context) => {
    const { socketPath } = await startTestServer(context);
    const socket = await say(
      socketPath,
      "POST /v1/status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `10000\r\n${"x".repeat(0x1_00_00)}\r\n`;
    let written = 0;
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
    };
    socket.on("drain", pour);
    pour();
    await closed(socket);
    assert.ok(written < 16 * MEGABYTE, `${written} bytes were taken`);
  });

  it("a half-closed client still gets its answer", async (context) => {
    const { socketPath } = await startTestServer(context);
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    socket.end("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.equal(split(await hearAll(socket)).status, 200);
  });

  it("more connections than allowed are refused, and those that are over make room", async (context) => {
    const { socketPath } = await startTestServer(context);
    const held = await Promise.all(Array.from({ length: 64 }, () => say(socketPath, "GET ")));
    await hearAll(await say(socketPath, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).then((heard) =>
      assert.equal(heard, ""),
    );
    for (const socket of held) socket.destroy();
    const again = async () =>
      (await getStatus(socketPath, 1000, systemTimers).catch(() => undefined))?.pop;
    await until(async () => (await again()) === "fra1");
  });

  it("whatever is sent, it lives on and reports nothing", async (context) => {
    const { socketPath, problems } = await startTestServer(context);
    const words = [
      "GET ",
      "HEAD ",
      "/v1/status",
      "/healthz",
      " HTTP/1.1",
      "\r\n",
      "\r\n\r\n",
      "Host: x",
      "Content-Length: ",
      "Transfer-Encoding: chunked",
      "0",
      "-1",
      ":",
      "Connection: keep-alive",
    ];
    const part = fc.oneof(
      fc.constantFrom(...words).map((word) => Buffer.from(word)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 20 }), async (parts) => {
        const socket = connect({ path: socketPath });
        socket.on("error", () => {});
        socket.end(Buffer.concat(parts));
        if (/^HTTP\/1\.1 \d{3} /.test(await hearAll(socket))) answered += 1;
        assert.equal((await getStatus(socketPath, 5000, systemTimers)).pop, "fra1");
      }),
      { numRuns: 200 },
    );
    assert.ok(answered > 50, `only ${answered} of 200 were answered at all`);
    assert.deepEqual(problems, []);
  });
});

it("closing ends the connections that are open", async (context) => {
  const { socketPath, close } = await startTestServer(context);
  const socket = await say(socketPath, "GET ");
  await Promise.all([close(), closed(socket)]);
});

/** Polls, because what is waited for happens in the server's half of this process. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + TEN_SECONDS_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < endMs, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
