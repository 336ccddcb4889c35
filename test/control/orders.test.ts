/** Requests that change something: only from a program that means it, and only on the socket. */
import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { answerTo } from "../../src/control/answers.ts";
import { getPlan, postReload } from "../../src/control/reload-client.ts";
import type { ReloadAnswer, ReloadOrder } from "../../src/control/reload-protocol.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { hearAll, say, startTestServer, STATUS } from "./fixtures.ts";

const TOLD: ReloadAnswer = {
  outcome: "reloaded",
  actor: "uid:1000(ann)",
  from: "a",
  to: "b",
  problems: [],
  warnings: [],
  settings: { now: [], atRestart: [] },
};

async function reloadServer(context: TestContext, told: Partial<ReloadAnswer> | "busy" = {}) {
  const orders: ReloadOrder[] = [];
  const { socketPath, problems } = await startTestServer(context, {
    reload(order) {
      orders.push(order);
      return told === "busy" ? told : Promise.resolve({ ...TOLD, ...told });
    },
  });
  return { socketPath, orders, problems };
}

function post(body: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: "x",
    "content-type": "application/json",
    "x-anyctl-order": "1",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /v1/reload HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe("an order", () => {
  const big = `{"proof":"${"x".repeat(5000)}"}`;
  const cases: { name: string; request: string; status: number; says: RegExp }[] = [
    { name: "as it should be", request: post("{}"), status: 200, says: /"outcome":"reloaded"/ },
    {
      name: "with all there is",
      request: post('{"force":true,"proof":"p"}'),
      status: 200,
      says: /reloaded/,
    },
    {
      name: "without its header",
      request: post("{}", { "x-anyctl-order": "" }),
      status: 403,
      says: /x-anyctl-order: 1/,
    },
    {
      name: "from a page",
      request: post("{}", { origin: "http://localhost" }),
      status: 403,
      says: /origin/,
    },
    {
      name: "as a form",
      request: post("{}", { "content-type": "text/plain" }),
      status: 415,
      says: /application\/json/,
    },
    {
      name: "that waits",
      request: post("{}", { expect: "100-continue" }),
      status: 417,
      says: /at once/,
    },
    { name: "that is a list", request: post("[]"), status: 400, says: /JSON object/ },
    { name: "that is no JSON", request: post("{"), status: 400, says: /JSON object/ },
    { name: "that is empty", request: post(""), status: 400, says: /JSON object/ },
    { name: "of another kind", request: post('{"froce":true}'), status: 400, says: /force\?/ },
    { name: "of a wrong type", request: post('{"force":"yes"}'), status: 400, says: /force\?/ },
    { name: "that is too long", request: post(big), status: 413, says: /at most 4096 bytes/ },
    {
      name: "by GET",
      request: "GET /v1/reload HTTP/1.1\r\nhost: x\r\n\r\n",
      status: 405,
      says: /allowed: POST/,
    },
    {
      name: "asked for by a page",
      request: "OPTIONS /v1/reload HTTP/1.1\r\nhost: x\r\norigin: http://x\r\n\r\n",
      status: 405,
      says: /allowed: POST/,
    },
  ];
  for (const { name, request, status, says } of cases) {
    it(`${name}: ${status}`, async (context) => {
      const { socketPath, orders, problems } = await reloadServer(context);
      const answer = await hearAll(await say(socketPath, request));
      assert.equal(statusOf(answer), status, answer);
      assert.match(answer, says);
      assert.equal(orders.length, status === 200 ? 1 : 0, "nothing happened");
      assert.deepEqual(problems, []);
    });
  }

  it("that ends in the middle does nothing", async (context) => {
    const { socketPath, orders } = await reloadServer(context);
    const socket = await say(socketPath, post("{}", { "content-length": "9" }));
    socket.end();
    await hearAll(socket);
    assert.deepEqual(orders, []);
  });

  const outcomes = [
    { told: { outcome: "mass-withdrawal" }, status: 409 },
    { told: { outcome: "invalid-configuration" }, status: 422 },
    { told: "busy", status: 503 },
  ] as const;
  for (const { told, status } of outcomes) {
    it(`that is refused (${JSON.stringify(told)}): ${status}`, async (context) => {
      const { socketPath } = await reloadServer(context, told);
      assert.equal(statusOf(await hearAll(await say(socketPath, post("{}")))), status);
      const heard = await postReload(socketPath, { force: false }, systemTimers);
      if (told === "busy") assert.ok("error" in heard);
      else assert.equal("outcome" in heard && heard.outcome, told.outcome);
    });
  }

  it("may take longer than any other request, but not for ever", async (context) => {
    for (const [waitMs, expected] of [
      [50_000, 200],
      [61_000, Number.NaN],
    ] as const) {
      const timers = manualTimers();
      const { socketPath } = await startTestServer(context, {
        timers,
        async reload() {
          await new Promise((resolve) => setImmediate(resolve));
          timers.advance(waitMs);
          return TOLD;
        },
      });
      const heard = hearAll(await say(socketPath, post("{}")));
      assert.equal(statusOf(await heard), expected);
    }
  });

  it("before the agent decides is told to try again", async (context) => {
    const { socketPath } = await startTestServer(context);
    const error = "The agent has only just started; try again";
    assert.deepEqual(await postReload(socketPath, { force: true }, systemTimers), { error });
    assert.deepEqual(await getPlan(socketPath, systemTimers), { error });
  });
});

describe("on TCP", () => {
  const asked = (method: string, url: string) =>
    answerTo(
      Object.assign(new IncomingMessage(new Socket()), { method, url }),
      { status: () => STATUS, healthz: () => ({ ok: true, detail: "" }) },
      "tcp",
    );
  for (const [method, path] of [
    ["POST", "/v1/reload"],
    ["GET", "/v1/plan"],
  ] as const) {
    it(`${path} does not exist`, async () => {
      const { status, body } = await asked(method, path);
      assert.equal(status, 404);
      assert.doesNotMatch(String(body), /reload|plan/);
    });
  }

  it("/healthz does, and nothing but GET", async () => {
    assert.equal((await asked("GET", "/healthz")).status, 200);
    assert.equal((await asked("POST", "/healthz")).status, 405);
  });
});

describe("an answer of a stranger", () => {
  for (const told of [{ actor: 7 }, { diff: {} }, { problems: "x" }]) {
    it(`${JSON.stringify(told)} is an error and no crash`, async (context) => {
      const { socketPath } = await startTestServer(context, {
        reload: () => Promise.resolve(Object.assign({ ...TOLD }, told)),
      });
      await assert.rejects(postReload(socketPath, { force: false }, systemTimers), {
        code: "wrong-answer",
      });
    });
  }
});
