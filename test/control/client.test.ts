import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { AgentUnreachable, getStatus } from "../../src/control/client.ts";
import { manualTimers } from "../checks/manual-timers.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { startTestServer, STATUS } from "./fixtures.ts";

const NO_LIMIT_MS = 60_000;

function http(body: string, status = 200): string {
  return `HTTP/1.1 ${status} X\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Something on a socket that answers every request with `answer` and hangs up. */
async function startStranger(context: TestContext, answer: string): Promise<string> {
  const socketPath = join(temporaryFolder(context), "agent.sock");
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer));
  }).listen(socketPath);
  context.after(() => server.close());
  await once(server, "listening");
  return socketPath;
}

async function failure(socketPath: string): Promise<AgentUnreachable> {
  const error: unknown = await getStatus(socketPath, NO_LIMIT_MS, systemTimers).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AgentUnreachable, "the status came");
  return error;
}

it("gets the status", async (context) => {
  const { socketPath } = await startTestServer(context);
  assert.deepEqual(await getStatus(socketPath, NO_LIMIT_MS, systemTimers), STATUS);
});

it("gets a status of several megabytes", async (context) => {
  const [service] = STATUS.services;
  assert.ok(service !== undefined);
  const services = Array.from({ length: 10_000 }, () => service);
  const { socketPath } = await startTestServer(context, {
    status: () => ({ ...STATUS, services }),
  });
  const status = await getStatus(socketPath, NO_LIMIT_MS, systemTimers);
  assert.equal(status.services.length, 10_000);
});

describe("says why there is no status", () => {
  it("no socket", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const { code, message, cause } = await failure(socketPath);
    assert.equal(code, "no-socket");
    assert.equal(
      message,
      `The agent does not answer on "${socketPath}": there is no such socket, so no agent runs with this configuration`,
    );
    assert.match(String(cause), /ENOENT/);
  });

  it("a socket, or a file, on which nobody listens", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    writeFileSync(socketPath, "");
    const { code, message } = await failure(socketPath);
    assert.equal(code, "refused");
    assert.match(
      message,
      /: nobody listens there any more; the agent that made the socket is dead$/,
    );
  });

  it("permission", async (context) => {
    const { socketPath } = await startTestServer(context);
    if (process.getuid?.() !== 0) return context.skip("only root can become somebody else");
    process.seteuid?.(65_534);
    try {
      const { code, message } = await failure(socketPath);
      assert.equal(code, "permission");
      assert.match(message, /: permission denied; the socket is for its owner and its group$/);
    } finally {
      process.seteuid?.(0);
    }
  });

  it("time", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const timers = manualTimers();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => timers.advance(300));
    }).listen(socketPath);
    context.after(() => server.close());
    await once(server, "listening");
    await assert.rejects(getStatus(socketPath, 300, timers), {
      code: "timeout",
      message: `The agent does not answer on "${socketPath}": it is there, but said nothing within 300 ms`,
    });
  });

  const [, ...withoutPop] = Object.entries(STATUS);
  const strangers = [
    {
      name: "nothing",
      answer: "",
      code: "closed",
      message: /closed the connection without a complete answer/,
    },
    {
      name: "half an answer",
      answer: http("{}").replace("Length: 2", "Length: 9"),
      code: "closed",
      message: /without a complete answer/,
    },
    {
      name: "no HTTP",
      answer: "220 mail.example ESMTP\r\n",
      code: "wrong-answer",
      message: /does not speak HTTP/,
    },
    {
      name: "another status",
      answer: http("{}", 500),
      code: "wrong-answer",
      message: /has status 500/,
    },
    { name: "no JSON", answer: http("<html>"), code: "wrong-answer", message: /is not JSON/ },
    { name: "null", answer: http("null"), code: "wrong-answer", message: /is not a status/ },
    { name: "a list", answer: http("[]"), code: "wrong-answer", message: /is not a status/ },
    {
      name: "no name",
      answer: http(JSON.stringify(Object.fromEntries(withoutPop))),
      code: "wrong-answer",
      message: /is not a status/,
    },
    {
      name: "services of another kind",
      answer: http(JSON.stringify({ ...STATUS, services: [null] })),
      code: "wrong-answer",
      message: /is not a status/,
    },
  ];
  for (const { name, answer, code, message } of strangers) {
    it(`a stranger that answers ${name}`, async (context) => {
      const error = await failure(await startStranger(context, answer));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
    });
  }

  it("a stranger that never ends", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const chunk = Buffer.alloc(1024 * 1024, "x");
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", pour);
      socket.once("data", pour);
    }).listen(socketPath);
    context.after(() => server.close());
    await once(server, "listening");
    const { code, message } = await failure(socketPath);
    assert.equal(code, "wrong-answer");
    assert.match(message, /does not end/);
  });
});
