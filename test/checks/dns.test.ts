/** What `dns` makes of servers that lie, mumble or never end. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { decode, encode, type Answer } from "dns-packet";
import { DnsCheck } from "../../checks/dns.ts";
import { parseEndpoint } from "../../checks/endpoint.ts";
import { serveDatagrams } from "./datagrams.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";
import { freePort, listen, type Serve } from "./servers.ts";

const DNS = { type: "dns", name: "health.example" };
const NAME = DNS.name;

interface Lie {
  readonly id?: number;
  readonly name?: string;
  readonly flags?: number;
  readonly answers?: Answer[];
}

/** The right answer to `query`, but for what `lie` changes. */
function answerTo(query: Buffer, lie: Lie = {}): Buffer {
  const { id = 0, questions: [question] = [] } = decode(query);
  const { name = question?.name ?? "", flags = 0 } = lie;
  return encode({
    type: "response",
    id: lie.id ?? id,
    flags,
    questions: [{ type: question?.type ?? "A", name }],
    answers: lie.answers ?? [{ type: "A", name, ttl: 0, data: "192.0.2.53" }],
  });
}

/** A message in which `bytes` stand in the place of its only answer. */
function withAnswerBytes(query: Buffer, bytes: Buffer): Buffer {
  const empty = answerTo(query, { answers: [] });
  empty.writeUInt16BE(1, 6);
  return Buffer.concat([empty, bytes]);
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

async function judge(keys: object): Promise<string> {
  const { result } = await runCheck({ ...DNS, ...keys });
  return `${result.outcome} ${result.reason} (${result.detail})`;
}

async function judgeUdp(
  context: TestContext,
  serve: (query: Buffer) => readonly Buffer[],
): Promise<string> {
  const { port } = await serveDatagrams(context, serve);
  return await judge({ server: `127.0.0.1:${port}` });
}

/** Serves TCP: `answer` gets each query without its length. */
function answeringTcp(answer: (query: Buffer, socket: Socket) => void): Serve {
  return (socket) => socket.on("data", (chunk: Buffer) => answer(chunk.subarray(2), socket));
}

describe("dns over UDP", { timeout: HANG_MS }, () => {
  test("what is sent", async (context) => {
    const server = await serveDatagrams(context, (query) => [answerTo(query)]);
    const keys = { server: `127.0.0.1:${server.port}` };
    assert.equal(await judge(keys), "pass passed (A 192.0.2.53)");
    assert.match(await judge({ ...keys, recursion: false }), /^pass /);
    const [first, second] = server.received.map((query) => decode(query));
    assert.deepEqual(first?.questions, [{ name: NAME, type: "A", class: "IN" }]);
    assert.deepEqual([first.flag_rd, second?.flag_rd], [true, false]);
    const [edns] = first.additionals ?? [];
    assert.ok(edns?.type === "OPT");
    assert.deepEqual([edns.udpPayloadSize, edns.flag_do], [1232, false]);
    assert.notEqual(first.id, second?.id);
  });

  const ignored: readonly [what: string, forge: (query: Buffer) => Buffer][] = [
    ["another id", (query) => answerTo(query, { id: query.readUInt16BE() ^ 1 })],
    ["another question", (query) => answerTo(query, { name: "other.example" })],
    ["the question itself", (query) => query],
    ["noise", () => Buffer.from("withdraw route 192.0.2.0/24\n")],
    ["a header that is cut off", (query) => answerTo(query).subarray(0, 11)],
    ["nothing", () => Buffer.alloc(0)],
  ];
  for (const [what, forge] of ignored) {
    test(`${what} is ignored, the answer after it counts`, async (context) => {
      const seen = await judgeUdp(context, (query) => [forge(query), answerTo(query)]);
      assert.equal(seen, "pass passed (A 192.0.2.53)");
    });
  }

  test("a wrong answer from another port is ignored", async (context) => {
    const other = createSocket("udp4");
    context.after(() => other.close());
    other.bind(0, "127.0.0.1");
    await once(other, "listening");
    const server = await serveDatagrams(context, (query, { port, address }) => {
      const forged = answerTo(query, { flags: 2 });
      other.send(forged, port, address, () => {
        server.socket.send(answerTo(query), port, address);
      });
      return [];
    });
    assert.match(await judge({ server: `127.0.0.1:${server.port}` }), /^pass /);
  });

  test("a server that could not read the question leaves it out", async (context) => {
    const seen = await judgeUdp(context, (query) => {
      const header = Buffer.alloc(12);
      header.writeUInt16BE(query.readUInt16BE());
      header.writeUInt16BE(0x80_01, 2);
      return [header];
    });
    assert.equal(seen, `fail wrong-rcode (FORMERR for A ${NAME})`);
  });

  test("an answer in capitals, and an extended rcode", async (context) => {
    const capitals = await judgeUdp(context, (query) => [
      answerTo(query, { name: "HEALTH.Example" }),
    ]);
    assert.match(capitals, /^pass /);
    const badVersion = await judgeUdp(context, (query) => {
      const message = answerTo(query, { answers: [] });
      message.writeUInt16BE(1, 10);
      // OPT with the upper bits 1: rcode 16 (RFC 6891 section 9).
      return [Buffer.concat([message, Buffer.from("0000291000010000000000", "hex")])];
    });
    assert.equal(badVersion, `fail wrong-rcode (RCODE16 for A ${NAME})`);
  });

  const a = Buffer.from("c00c0001000100000000", "hex");
  const malformed: readonly [what: string, bytes: Buffer][] = [
    ["a name that points to itself", Buffer.from("c01d00010001000000000004c0000235", "hex")],
    ["a label that does not end", Buffer.from("3f61", "hex")],
    ["a label of a kind that is not", Buffer.from("8061", "hex")],
    ["data that is cut off", Buffer.concat([a, Buffer.from("0004c000", "hex")])],
    [
      "data that is longer than the message",
      Buffer.concat([a, Buffer.from("ffffc0000235", "hex")]),
    ],
    ["an address of three bytes at the end", Buffer.concat([a, Buffer.from("0003c00002", "hex")])],
    ["no answer where one is announced", Buffer.alloc(0)],
  ];
  for (const [what, bytes] of malformed) {
    test(`malformed: ${what}`, async (context) => {
      const seen = await judgeUdp(context, (query) => [withAnswerBytes(query, bytes)]);
      assert.match(seen, /^fail bad-response \(not to be decoded: \d+ bytes\)$/);
    });
  }

  test("a loop of aliases ends", async (context) => {
    const seen = await judgeUdp(context, (query) => [
      answerTo(query, {
        answers: [
          { type: "CNAME", name: NAME, data: "b.example" },
          { type: "CNAME", name: "b.example", data: NAME },
        ],
      }),
    ]);
    assert.equal(seen, `fail wrong-answer (no A record for ${NAME})`);
  });

  test("aliases lead on in any order; what nobody asked for does not count", async (context) => {
    const answers: Answer[] = [
      { type: "A", name: "c.example", data: "192.0.2.1" },
      { type: "CNAME", name: "b.example", data: "c.example" },
      { type: "A", name: "unasked.example", data: "192.0.2.2" },
      { type: "CNAME", name: NAME, data: "B.example" },
    ];
    const seen = await judgeUdp(context, (query) => [answerTo(query, { answers })]);
    assert.equal(seen, "pass passed (A 192.0.2.1)");
  });

  test("too many answers", async (context) => {
    const answers = Array.from({ length: 129 }, (_, at): Answer => {
      return { type: "A", name: NAME, data: `192.0.2.${at}` };
    });
    const seen = await judgeUdp(context, (query) => [answerTo(query, { answers })]);
    assert.match(seen, /^fail bad-response /);
  });

  test("what is in an answer does not reach a terminal as it is", async (context) => {
    const { port } = await serveDatagrams(context, (query) => [
      answerTo(query, { answers: [{ type: "TXT", name: NAME, data: "\u001b[2J\nwithdraw é" }] }),
    ]);
    const keys = { server: `127.0.0.1:${port}`, record: "TXT" };
    assert.equal(await judge(keys), "pass passed (TXT ?[2J?withdraw ?)");
  });

  test("refused at once", async () => {
    const server = `127.0.0.1:${await freePort()}`;
    assert.equal(await judge({ server }), `fail refused (recvmsg ECONNREFUSED ${server})`);
  });

  test("noise without end holds nothing past its time", async (context) => {
    const timers = manualTimers();
    const server = await serveDatagrams(context, () =>
      Array.from({ length: 100 }, () => Buffer.alloc(1000, "x")),
    );
    const check = { ...DNS, server: `127.0.0.1:${server.port}` };
    const running = runCheck(check, { timers, timeoutMs: 500 });
    await until(() => server.received.length === 1);
    timers.advance(500);
    const { result } = await running;
    assert.equal(result.reason, "timeout");
    assert.match(
      result.detail,
      /^no answer from 127\.0\.0\.1:\d+ over UDP(?:, \d+ datagrams .*)?$/,
    );
    assert.equal(timers.pending, 0);
  });

  test("truncated, and nobody listens on TCP", async (context) => {
    const seen = await judgeUdp(context, (query) => [answerTo(query, { flags: 0x02_00 })]);
    assert.match(seen, /^fail refused \(connect ECONNREFUSED/);
  });
});

describe("dns over TCP", { timeout: HANG_MS }, () => {
  const judgeTcp = async (context: TestContext, serve: Serve): Promise<string> => {
    const { port } = await listen(context, serve);
    return await judge({ server: `127.0.0.1:${port}`, transport: "tcp" });
  };

  test("an answer in single bytes, and more after it", async (context) => {
    const server = await listen(
      context,
      answeringTcp((query, socket) => {
        const bytes = [...framed(answerTo(query)), ...framed(answerTo(query, { flags: 2 }))];
        const next = (): void => {
          const byte = bytes.shift();
          if (byte === undefined || socket.destroyed) return;
          socket.write(Buffer.of(byte), () => setImmediate(next));
        };
        next();
      }),
    );
    const keys = { server: `127.0.0.1:${server.port}`, transport: "tcp" };
    assert.equal(await judge(keys), "pass passed (A 192.0.2.53)");
    await server.allClosed();
  });

  const lies: readonly [what: string, answer: (query: Buffer) => Buffer][] = [
    ["another id", (query) => framed(answerTo(query, { id: query.readUInt16BE() ^ 1 }))],
    ["another question", (query) => framed(answerTo(query, { name: "other.example" }))],
    ["no message", () => Buffer.alloc(2)],
    ["a web server", () => Buffer.from("HT".padEnd(20_000, "TP/1.1 400 "))],
  ];
  for (const [what, answer] of lies) {
    test(`${what}: bad-response`, async (context) => {
      const seen = await judgeTcp(
        context,
        answeringTcp((query, socket) => socket.write(answer(query))),
      );
      assert.equal(seen, "fail bad-response (what came over TCP is no answer to the question)");
    });
  }

  test("closed in the middle", async (context) => {
    const serve = answeringTcp((query, socket) => {
      socket.end(framed(answerTo(query)).subarray(0, 20));
    });
    assert.match(await judgeTcp(context, serve), /^fail closed /);
  });

  test("a flood is read no further than the first message", async (context) => {
    const server = await listen(
      context,
      answeringTcp((query, socket) => {
        const flood = Buffer.concat([framed(answerTo(query)), Buffer.alloc(65_536)]);
        const pour = (): void => {
          while (!socket.destroyed && socket.write(flood));
        };
        socket.on("drain", pour);
        pour();
      }),
    );
    const keys = { server: `127.0.0.1:${server.port}`, transport: "tcp" };
    assert.match(await judge(keys), /^pass /);
    await server.allClosed();
    assert.ok((server.sockets[0] as Socket).bytesWritten < 64 * 1024 * 1024);
  });

  test("half an answer: timeout, and the connection is given up", async (context) => {
    const timers = manualTimers();
    const server = await listen(
      context,
      answeringTcp((query, socket) => socket.write(framed(answerTo(query)).subarray(0, 9))),
    );
    const check = { ...DNS, server: `127.0.0.1:${server.port}`, transport: "tcp" };
    const running = runCheck(check, { timers, timeoutMs: 500 });
    await server.request();
    timers.advance(500);
    const { result } = await running;
    assert.equal(result.reason, "timeout");
    assert.equal(result.detail, "waiting for the answer over TCP");
    await server.allClosed();
    assert.equal(timers.pending, 0);
  });
});

describe("dns keys", () => {
  test("describes every key, with its default in brackets", () => {
    for (const [key, schema] of Object.entries(DnsCheck.shape)) {
      if (key !== "type") assert.match(schema.description ?? "", /^[A-Z].*\. \[.+\]$/, key);
    }
  });

  const servers: readonly [text: string, host?: string, port?: number][] = [
    ["127.0.0.1", "127.0.0.1", 53],
    ["127.0.0.1:5353", "127.0.0.1", 5353],
    ["::1", "::1", 53],
    ["[::1]", "::1", 53],
    ["[::1]:65535", "::1", 65_535],
    ["ns1.example:53", "ns1.example", 53],
    ["localhost", "localhost", 53],
    ["127.0.0.1:0"],
    ["127.0.0.1:053"],
    ["127.0.0.1:65536"],
    ["127.0.0.1:"],
    ["[127.0.0.1]:53"],
    ["[::1"],
    [":53"],
    ["127.0.0.1:53:53"],
    ["a b:53"],
    [""],
  ];
  for (const [text, host, port] of servers) {
    test(`server ${JSON.stringify(text)}`, () => {
      const expected = host === undefined ? undefined : { host, port };
      assert.deepEqual(parseEndpoint(text, 53), expected);
    });
  }
});
