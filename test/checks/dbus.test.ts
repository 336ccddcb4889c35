/** What a bus that is away, silent, mad or hostile can do: nothing that counts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attempt } from "../../checks/attempt.ts";
import { createProbeContext, type ProbeContext } from "../../checks/context.ts";
import { socketPathOf } from "../../checks/dbus-address.ts";
import { decodeMessage, encodeCall, messageLength } from "../../checks/dbus-message.ts";
import { DbusFormatError, ValueReader } from "../../checks/dbus-values.ts";
import { CheckSchema, createListen, createProbe } from "../../checks/registry.ts";
import { systemTimers } from "../../checks/timers.ts";
import { answer, changed, reply, startHostileBus, variant } from "./hostile-bus.ts";
import type { HostileOptions } from "./hostile-bus.ts";
import { HANG_MS, PATIENCE_MS, runCheck, until } from "./probing.ts";

const SPEC = CheckSchema.parse({ type: "systemd", unit: "web.service" });

async function judge(context: ProbeContext, timeoutMs = PATIENCE_MS): Promise<string> {
  const { result } = await attempt(createProbe(SPEC, context), timeoutMs, systemTimers);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

describe("a bus", { timeout: HANG_MS }, () => {
  test("that is not there", async () => {
    const context = createProbeContext({ systemBus: "unix:path=/none/bus" });
    assert.equal(await judge(context), "inconclusive bus-failed: connect ENOENT /none/bus");
  });

  const huge = Buffer.from("l\u0002\u0000\u0001\u0000\u0000\u0010\u0000", "latin1");
  const cases: readonly [name: string, options: HostileOptions, detail: RegExp][] = [
    ["answers as it should", {}, /^pass passed: active \(running\)$/],
    ["refuses us", { greeting: "REJECTED EXTERNAL\r\n" }, /refuses us: REJECTED EXTERNAL$/],
    ["does not greet", { greeting: "x".repeat(2000) }, /does not greet$/],
    ["is silent", { answer: () => undefined }, /no answer in time$/],
    ["is silent from the start", { greeting: "" }, /no answer in time$/],
    ["says what is no message", { answer: () => Buffer.alloc(64, "x") }, /not a message of D-Bus$/],
    [
      "sends a MiB",
      { answer: () => Buffer.concat([huge, Buffer.alloc(4096)]) },
      /a message of \d+ bytes$/,
    ],
    [
      "has another answer in mind",
      { answer: (_call, serial) => reply(serial, "s", variant("active")) },
      /^inconclusive bus-failed: /,
    ],
    [
      "gives nothing for a state",
      {
        answer: (call, serial) =>
          call.member === "Get" ? reply(serial, "", Buffer.alloc(0)) : answer(call, serial),
      },
      /systemd gave no state$/,
    ],
    [
      "closes",
      {
        answer: (_call, _serial, socket) => {
          socket.destroy();
          return undefined;
        },
      },
      /closed the connection$|ECONNRESET$|EPIPE$/,
    ],
    [
      "answers others first",
      {
        answer: (call, serial) =>
          Buffer.concat([reply(999, "", Buffer.alloc(0)), answer(call, serial)]),
      },
      /^pass/,
    ],
  ];
  for (const [name, options, expected] of cases) {
    test(`that ${name}`, async (t) => {
      const bus = await startHostileBus(t, options);
      const shown = await judge(createProbeContext({ systemBus: bus.address }), 500);
      assert.match(shown, expected);
      assert.match(shown, /^(?:pass passed|inconclusive bus-failed): /);
    });
  }

  test("whose systemd does not know the unit is told apart, also by a check that passes", async (t) => {
    const bus = await startHostileBus(t, {
      answer(call, serial) {
        const words = { ActiveState: "inactive", SubState: "dead", LoadState: "not-found" };
        const word = new Map(Object.entries(words)).get(String(call.body[1]));
        return word === undefined ? answer(call, serial) : reply(serial, "v", variant(word));
      },
    });
    const context = createProbeContext({ systemBus: bus.address });
    assert.equal(await judge(context), "fail not-active: inactive (dead), not-found");
    const { result } = await runCheck({ ...SPEC, states: ["inactive"] }, { context });
    assert.equal(`${result.outcome}: ${result.detail}`, "pass: inactive (dead), not-found");
  });

  test("that sends byte by byte", async (t) => {
    const bus = await startHostileBus(t, {
      answer(call, serial, socket) {
        for (const byte of answer(call, serial)) socket.write(Buffer.from([byte]));
        return undefined;
      },
    });
    assert.match(await judge(createProbeContext({ systemBus: bus.address })), /^pass/);
  });

  test("is asked on one connection, however many checks there are", async (t) => {
    const bus = await startHostileBus(t);
    const context = createProbeContext({ systemBus: bus.address });
    const results = await Promise.all(Array.from({ length: 200 }, () => judge(context)));
    assert.deepEqual(new Set(results), new Set(["pass passed: active (running)"]));
    assert.equal(bus.sockets.length, 1);
  });

  test("that never answers is not asked without end", async (t) => {
    const bus = await startHostileBus(t, {
      answer: (call, serial) => (call.member === "Get" ? undefined : answer(call, serial)),
    });
    const context = createProbeContext({ systemBus: bus.address });
    for (let nth = 0; nth < 3; nth += 1) {
      await Promise.all(Array.from({ length: 20 }, () => judge(context, 50)));
    }
    assert.ok(bus.calls.filter((member) => member === "Get").length <= 90, bus.calls.join(" "));
    assert.match(await judge(context, 50), /30 questions before this one are unanswered$/);
  });

  test("tells of changes once, and of systemd's only", async (t) => {
    const bus = await startHostileBus(t);
    const context = createProbeContext({ systemBus: bus.address });
    const heard: string[] = [];
    const listener = createListen(
      SPEC,
      context,
    )?.((word, detail) => heard.push(`${word} ${detail}`));
    await until(() => listener?.isListening === true);
    assert.equal(await judge(context), "pass passed: active (running)");
    const [socket] = bus.sockets;
    socket?.write(changed("inactive", "dead", ":1.66"));
    socket?.write(changed("active", "running"));
    socket?.write(changed("deactivating", "stop-sigterm"));
    socket?.write(changed("deactivating", "stop-sigterm"));
    socket?.write(changed("inactive", "dead"));
    await until(() => heard.length >= 2);
    assert.deepEqual(heard, [
      "unit-changed deactivating (stop-sigterm)",
      "unit-changed inactive (dead)",
    ]);
    listener?.close();
    await until(() => socket?.destroyed === true);
    assert.equal(listener?.isListening, false);
  });

  test("that is lost is listened to again", async (t) => {
    const bus = await startHostileBus(t);
    const context = createProbeContext({ systemBus: bus.address });
    const listener = createListen(SPEC, context)?.(() => {});
    t.after(() => listener?.close());
    await until(() => listener?.isListening === true);
    bus.sockets[0]?.destroy();
    await until(() => listener?.isListening === false);
    await until(() => listener?.isListening === true);
    assert.equal(bus.sockets.length, 2);
    assert.equal(bus.calls.filter((member) => member === "AddMatch").length, 2);
  });
});

describe("bytes", () => {
  test("of a call are read as they were written", () => {
    const name = fc.stringMatching(/^[a-zA-Z_.]{1,20}$/);
    const call = fc.record({
      destination: name,
      path: name.map((text) => `/${text}`),
      interface: name,
      member: name,
      args: fc.array(
        fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
        { maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(call, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (sent, serial) => {
        const bytes = encodeCall(sent, serial);
        assert.equal(messageLength(bytes), bytes.length);
        const { path, interface: face, member, body } = decodeMessage(bytes);
        assert.deepEqual(
          [path, face, member, body],
          [sent.path, sent.interface, sent.member, sent.args],
        );
      }),
    );
  });

  test("of any kind are values, or an error, in time that they pay for", () => {
    let read = 0;
    const signature = fc.stringMatching(/^[ybnqiuxtdsogva(){}]{1,8}$/);
    fc.assert(
      fc.property(
        signature,
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (types, bytes, isLittle) => {
          try {
            new ValueReader(Buffer.from(bytes), isLittle).readAll(types);
            read += 1;
          } catch (error) {
            assert.ok(
              error instanceof DbusFormatError || error instanceof RangeError,
              String(error),
            );
          }
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(read > 50, `only ${read} were read`);
  });

  test("of both orders, and of values that are nested too deep", () => {
    const big = Buffer.from([0, 0, 0, 2, 0, 1, 255, 255]);
    assert.deepEqual(new ValueReader(big, false).readAll("uqn"), [2, 1, -1]);
    assert.deepEqual(new ValueReader(Buffer.from([2, 0, 0, 0, 7, 9]), true).readAll("ay"), [
      [7, 9],
    ]);
    const deep = Buffer.concat(
      Array.from({ length: 40 }, () => Buffer.from("\u0001v\0", "latin1")),
    );
    assert.throws(() => new ValueReader(deep, true).readAll("v"), /nested too deep/);
    assert.throws(() => new ValueReader(deep, true).readAll("()"), /not a signature/);
  });
});

test("addresses of a bus", () => {
  assert.equal(socketPathOf(undefined), "/run/dbus/system_bus_socket");
  assert.equal(socketPathOf("unix:path=/a%20b,guid=12"), "/a b");
  assert.equal(socketPathOf("tcp:host=x,port=1;unix:guid=1,abstract=/x"), "\0/x");
  for (const none of ["", "tcp:host=x", "unix:", "unix:path=%zz", "garbage"]) {
    assert.equal(socketPathOf(none), undefined, none);
  }
});
