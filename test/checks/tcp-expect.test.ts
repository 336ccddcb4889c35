import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compare } from "../../checks/bytes.ts";
import { startDaemon } from "./daemons.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";
import { answering, freePort, listen } from "./servers.ts";
import { temporaryFolder } from "./temporary.ts";

const TCP = { type: "tcp", host: "127.0.0.1" };

async function judge(keys: object): Promise<string> {
  const { result } = await runCheck({ ...TCP, ...keys });
  return `${result.outcome} ${result.reason} (${result.detail})`;
}

describe("tcp with expect", { timeout: HANG_MS }, () => {
  test("redis: PING is answered with +PONG", async (context) => {
    const port = await freePort();
    const folder = temporaryFolder(context);
    const options = { port, bind: "127.0.0.1", dir: folder, save: "", logfile: "" };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
    await startDaemon(context, "redis-server", args, /Ready to accept connections/);
    const ping = { port, send: "PING\r\n" };
    assert.equal(
      await judge({ ...ping, expect: "+PONG\r\n" }),
      String.raw`pass passed (answer begins "+PONG\r\n")`,
    );
    assert.equal(
      await judge({ port, "send-hex": "50494e47 0d0a", "expect-hex": "2b 50 4f 4e 47" }),
      'pass passed (answer begins "+PONG")',
    );
    assert.equal(
      await judge({ ...ping, expect: "+OK" }),
      String.raw`fail wrong-answer (answer differs at byte 2: "+PONG\r\n")`,
    );
    assert.match(await judge({ port, send: "NONSENSE\r\n", expect: "+" }), /^fail wrong-answer /);
  });

  test("a banner: the other end speaks first, and is sent nothing", async (context) => {
    const server = await listen(context, (socket) => socket.write("SSH-2.0-x\r\n"));
    assert.match(await judge({ port: server.port, expect: "SSH-2.0-" }), /^pass /);
    await server.allClosed();
    assert.equal(server.received, "");
  });

  test("an answer in single bytes passes with its last", async (context) => {
    const server = await listen(context, (socket) => {
      const bytes = "+PONG".split("");
      const next = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(next));
      };
      next();
    });
    assert.match(await judge({ port: server.port, expect: "+PONG" }), /^pass /);
  });

  test("the first wrong byte decides: what is missing is not waited for", async (context) => {
    const server = await listen(context, (socket) => socket.write("+X"));
    assert.equal(
      await judge({ port: server.port, expect: "+PONG and more" }),
      'fail wrong-answer (answer differs at byte 2: "+X")',
    );
    await server.allClosed();
  });

  test("bytes that are no text are shown in hex, and never as they came", async (context) => {
    const server = await listen(context, (socket) => socket.write("\u001b[31m\nx".repeat(9)));
    assert.equal(
      await judge({ port: server.port, expect: "ok" }),
      `fail wrong-answer (answer differs at byte 1: hex ${Buffer.from("\u001b[31m\nx".repeat(9)).toString("hex").slice(0, 64)}...)`,
    );
  });

  test("closed before it was decided", async (context) => {
    const server = await listen(context, (socket) => socket.end("+PO"));
    assert.equal(
      await judge({ port: server.port, expect: "+PONG" }),
      "fail closed (after 3 of 5 bytes)",
    );
  });

  test("reset before it was decided", async (context) => {
    const server = await listen(context, (socket) => {
      socket.on("data", () => socket.resetAndDestroy());
    });
    assert.match(await judge({ port: server.port, send: "x", expect: "y" }), /^fail reset /);
  });

  test("refused", async () => {
    assert.match(await judge({ port: await freePort(), expect: "y" }), /^fail refused /);
  });

  test("a server that says too little never holds the check past its time", async (context) => {
    const server = await listen(context, answering("+P"));
    const timers = manualTimers();
    const check = { ...TCP, port: server.port, send: "PING", expect: "+PONG" };
    const running = runCheck(check, { timers, timeoutMs: 500 });
    await server.request();
    const [socket] = server.sockets;
    await until(() => socket !== undefined && socket.bytesWritten === 2);
    timers.advance(500);
    const { result } = await running;
    assert.match(
      `${result.outcome} ${result.reason} (${result.detail})`,
      /^fail timeout \(waiting for the answer: [02] of 5 bytes\)$/,
    );
    await server.allClosed();
    assert.equal(timers.pending, 0);
  });

  test("a server that never stops is cut off as soon as it is judged", async (context) => {
    const server = await listen(context, (socket) => {
      const flood = (): void => {
        while (!socket.destroyed && socket.write("y".repeat(65_536)));
      };
      socket.on("drain", flood);
      flood();
    });
    assert.match(await judge({ port: server.port, expect: "yyy" }), /^pass /);
    await server.allClosed();
    assert.ok((server.sockets[0] as Socket).bytesWritten < 64 * 1024 * 1024);
  });
});

describe("tcp with should-fail", { timeout: HANG_MS }, () => {
  test("refused passes, and says so", async () => {
    const port = await freePort();
    assert.equal(
      await judge({ port, "should-fail": true }),
      `pass passed (refused: connect ECONNREFUSED 127.0.0.1:${port})`,
    );
  });

  test("unreachable passes", async () => {
    const keys = { host: "255.255.255.255", port: 9, "should-fail": true };
    assert.match(await judge(keys), /^pass passed \(unreachable: /);
  });

  test("a connection fails", async (context) => {
    const { port } = await listen(context, () => undefined);
    const seen = await judge({ port, "should-fail": true });
    assert.equal(seen, "fail not-refused (connected to 127.0.0.1)");
  });

  test("a name that nobody resolves stays inconclusive", async () => {
    const options = { servers: ["127.0.0.1:9"], hostsFile: "/none" };
    const keys = { ...TCP, host: "closed.example", port: 9, "should-fail": true };
    const { result } = await runCheck(keys, options);
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive resolver-failed");
  });
});

test("an answer is decided by its beginning, whatever the pieces", () => {
  let decidedEarly = 0;
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 6, max: 1 });
  fc.assert(
    fc.property(bytes, bytes, (answered, wanted) => {
      const [answer, expected] = [Buffer.from(answered), Buffer.from(wanted)];
      const whole = compare(answer, expected);
      for (let length = 0; length <= answer.length; length += 1) {
        const part = compare(answer.subarray(0, length), expected);
        // Once it is decided, what comes later changes nothing.
        if (part !== "more") assert.deepEqual(part, whole);
        if (part !== "more" && length < answer.length) decidedEarly += 1;
      }
      assert.equal(whole === "equal", answer.subarray(0, expected.length).equals(expected));
    }),
    { numRuns: 300 },
  );
  assert.ok(decidedEarly > 100);
});
