import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { UdpCheck } from "../../checks/udp.ts";
import { serveDatagrams } from "./datagrams.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";

const UDP = { type: "udp", host: "127.0.0.1", send: "ping", expect: "pong" };

async function judge(keys: object): Promise<string> {
  const { result } = await runCheck({ ...UDP, ...keys });
  return `${result.outcome} ${result.reason} (${result.detail})`;
}

describe("udp", { timeout: HANG_MS }, () => {
  for (const host of ["127.0.0.1", "::1"]) {
    test(`one datagram to ${host}, one answer`, async (context) => {
      const server = await serveDatagrams(context, () => [Buffer.from("pong and more")], host);
      const seen = await judge({ host, port: server.port });
      assert.equal(seen, 'pass passed (answer begins "pong")');
      assert.deepEqual(server.received.map(String), ["ping"]);
    });
  }

  test("hex", async (context) => {
    const { port } = await serveDatagrams(context, (datagram) => [datagram]);
    const keys = { type: "udp", host: "127.0.0.1", "send-hex": "00ff 80", "expect-hex": "00FF" };
    const { result } = await runCheck({ ...keys, port });
    assert.equal(result.detail, "answer begins hex 00ff");
  });

  test("another answer", async (context) => {
    const { port } = await serveDatagrams(context, () => [Buffer.from("pork")]);
    assert.equal(await judge({ port }), 'fail wrong-answer (answer differs at byte 3: "pork")');
  });

  test("an answer that is too short, and an empty one", async (context) => {
    const { port } = await serveDatagrams(context, () => [Buffer.from("po")]);
    assert.equal(await judge({ port }), "fail wrong-answer (answer ends after 2 of 4 bytes)");
    const empty = await serveDatagrams(context, () => [Buffer.alloc(0)]);
    const seen = await judge({ port: empty.port });
    assert.equal(seen, "fail wrong-answer (answer ends after 0 of 4 bytes)");
  });

  test("refused at once, at every address of a name", async () => {
    const port = await freeUdpPort();
    const refused = (address: string): string =>
      `fail refused (recvmsg ECONNREFUSED ${address}:${port})`;
    assert.equal(await judge({ port }), refused("127.0.0.1"));
    assert.equal(await judge({ port, host: "localhost" }), refused("::1"));
  });

  test("localhost: the second address answers where the first refuses", async (context) => {
    const { port } = await serveDatagrams(context, () => [Buffer.from("pong")], "::1");
    assert.match(await judge({ port, host: "localhost" }), /^pass /);
  });

  test("unreachable", async () => {
    // Linux refuses to send to a broadcast address by itself.
    assert.match(await judge({ host: "255.255.255.255", port: 9 }), /^fail unreachable /);
    // No such interface.
    assert.match(await judge({ host: "fe80::1%none0", port: 9 }), /^fail unreachable /);
  });

  test("silence: timeout", async (context) => {
    const server = await serveDatagrams(context, () => []);
    const timers = manualTimers();
    const running = runCheck({ ...UDP, port: server.port }, { timers, timeoutMs: 500 });
    await until(() => server.received.length === 1);
    timers.advance(500);
    const { result } = await running;
    assert.equal(result.reason, "timeout");
    assert.equal(result.detail, `no answer from 127.0.0.1 port ${server.port}`);
    assert.equal(timers.pending, 0);
  });

  test("somebody else's datagram is not the answer", async (context) => {
    const other = createSocket("udp4");
    context.after(() => other.close());
    other.bind(0, "127.0.0.1");
    await once(other, "listening");
    const server = await serveDatagrams(context, (_datagram, { port, address }) => {
      // The right words from another port; the right port speaks later.
      other.send("nope", port, address, () => server.socket.send("pong", port, address));
      return [];
    });
    assert.match(await judge({ port: server.port }), /^pass /);
  });

  test("time that is over before it begins says nothing about the service", async (context) => {
    const server = await serveDatagrams(context, () => []);
    const timers = manualTimers();
    const running = runCheck({ ...UDP, port: server.port }, { timers, timeoutMs: 500 });
    timers.advance(500);
    const { result } = await running;
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive stalled");
  });

  test("describes every key, with its default in brackets", () => {
    for (const [key, schema] of Object.entries(UdpCheck.shape)) {
      if (key !== "type") assert.match(schema.description ?? "", /^[A-Z].*\. \[.+\]$/, key);
    }
  });
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
