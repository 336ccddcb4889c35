/** Raw bytes for the control socket and for the TCP listener, both real. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { startControlServer } from "../../../src/control/server.ts";
import { startTcpServer } from "../../../src/control/tcp-server.ts";
import { UNSAFE } from "../../../src/control/unsafe-text.ts";
import { manualTimers } from "../../checks/manual-timers.ts";
import { closed, STATUS } from "../../control/fixtures.ts";
import { turn } from "../../daemon/fixtures.ts";
import { waitingTarget } from "../target.ts";
import { babble, bytesOf, jsonOf, nasty } from "../texts.ts";

/** Longer than any connection may take. */
const TOO_LONG_MS = 100_000;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get", ""];
const PATHS = [
  "/v1/reload",
  "/v1/reload",
  "/v1/canary",
  "/v1/services/dns/probe",
  "/v1/services/%00/probe",
  "/v1/status",
  "/v1/plan",
  "/healthz",
  "/metrics",
  "/",
  "/status",
  "/v1/services/dns/why",
  "/v1/prefixes/192.0.2.0%2f24/why",
  "/v1/../v1/reload",
  "//v1/reload",
  "/v1/reload/",
  "/v1/reload?x",
  "http://x/v1/reload",
  "/__proto__",
  "*",
];
const HEADERS = [
  "X-Anyctl-Order: 1",
  "X-Anyctl-Order: 1, 1",
  "X-Anyctl-Order: 0",
  "Content-Type: application/json",
  "Content-Type: text/plain",
  "Origin: http://evil.example",
  "Expect: 100-continue",
  "Transfer-Encoding: chunked",
  "Connection: keep-alive",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Content-Length: 5",
  "Content-Length: -1",
];
const body = fc.oneof(
  fc.constantFrom("", "{}", '{"force":true}', '{"prefix":"192.0.2.0/24"}'),
  jsonOf({ force: fc.boolean(), proof: nasty }),
  jsonOf({ prefix: nasty, proof: nasty }),
  fc.constant("x".repeat(5000)),
);

/** How a program of ours says it, with one thing wrong or none. */
const request = fc
  .record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constant("POST") },
      { weight: 3, arbitrary: fc.constantFrom(...METHODS) },
    ),
    path: fc.constantFrom(...PATHS),
    ours: fc.boolean(),
    headers: fc.array(
      fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...HEADERS) },
        { weight: 1, arbitrary: nasty },
      ),
      { maxLength: 2 },
    ),
    body,
    length: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
    ),
  })
  .map(({ method, path, ours, headers, body: text, length }) => {
    const all = [
      "Host: x",
      ...(ours
        ? [
            "X-Anyctl-Order: 1",
            "Content-Type: application/json",
            `Content-Length: ${Buffer.byteLength(text) + length}`,
          ]
        : []),
      ...headers,
    ];
    return `${method} ${path} HTTP/1.1\r\n${all.map((line) => `${line}\r\n`).join("")}\r\n${text}`;
  });
/** Right, but for bytes that went bad. */
const right = fc
  .tuple(
    fc.constantFrom(
      ["/v1/reload", "{}"],
      ["/v1/reload", '{"force":true,"proof":"x"}'],
      ["/v1/canary", '{"prefix":"192.0.2.0/24"}'],
      ["/v1/services/dns/probe", "{}"],
      ["/healthz", ""],
      ["/metrics", ""],
    ),
    fc.boolean(),
  )
  .map(([[path = "", text = ""], isSmall]) => {
    const name = isSmall ? "x-anyctl-order" : "X-Anyctl-Order";
    return text === ""
      ? `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
      : `POST ${path} HTTP/1.1\r\nHost: x\r\n${name}: 1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  });
const bytes = bytesOf(
  fc.oneof(
    { weight: 6, arbitrary: right },
    { weight: 6, arbitrary: request },
    { weight: 1, arbitrary: fc.tuple(request, request).map(([one, other]) => one + other) },
    {
      weight: 1,
      arbitrary: babble(
        [
          ...METHODS.map((word) => `${word} `),
          ...PATHS,
          ...HEADERS.map((line) => `${line}\r\n`),
          " HTTP/1.1",
          "\r\n",
          "0\r\n\r\n",
        ],
        12,
      ),
    },
  ),
);

/** What somebody who reads HTTP strictly takes these bytes for: the one kind of request that may change anything. */
function ordered(sent: string): string | undefined {
  const [head = "", text = ""] = sent.split(/\r\n\r\n([\s\S]*)/);
  const [first = "", ...headers] = head.split("\r\n");
  const path =
    /^POST (\/v1\/(?:reload|canary|services\/[^/? ]+\/probe))(?:\?[^ ]*)? HTTP\/1\.[01]$/.exec(
      first,
    )?.[1];
  const has = (line: string) => headers.some((one) => one.toLowerCase() === line);
  const isOrder =
    has("x-anyctl-order: 1") && has("content-type: application/json") && !/^origin:/im.test(head);
  return isOrder && text.startsWith("{") ? path : undefined;
}

export const CONTROL = waitingTarget(
  "control",
  "any bytes get one clean answer or none, in time; by TCP nothing changes, by the socket only what is ordered",
  async () => {
    const root = mkdtempSync(join(tmpdir(), "anyctl-fuzz-"));
    const timers = manualTimers();
    let orders: string[] = [];
    const problems: string[] = [];
    const source = {
      status: () => STATUS,
      healthz: () => ({ ok: true, detail: "" }),
      metrics: async () => "anyctl_build_info 1\n",
      why: () => ({ error: "no" }),
      plan: () => undefined,
      reload: () => (orders.push("/v1/reload"), "busy") as "busy",
      probe: (service: string) =>
        (orders.push(`/v1/services/${encodeURIComponent(service)}/probe`),
        "starting") as "starting",
      canary: () => (orders.push("/v1/canary"), "starting") as "starting",
      problem: (detail: string) => void problems.push(detail),
      timers,
    };
    const path = join(root, "agent.sock");
    const socketServer = await startControlServer({ ...source, socketPath: path });
    const tcpServer = await startTcpServer({ ...source, host: "127.0.0.1", port: 0 });
    const reached: Record<string, number> = {
      "200": 0,
      "400": 0,
      "404": 0,
      "405": 0,
      "408": 0,
      "413": 0,
      "503": 0,
      nothing: 0,
      ordered: 0,
    };
    return {
      reached,
      input: fc.record({
        bytes,
        byTcp: fc.boolean(),
        cuts: fc.array(fc.nat(3000), { maxLength: 2 }),
        ends: fc.boolean(),
      }),
      async close() {
        await Promise.all([socketServer.close(), tcpServer.close()]);
        rmSync(root, { recursive: true, force: true });
      },
      async attempt({ bytes: sent, byTcp, cuts, ends }) {
        orders = [];
        const where: NetConnectOpts = byTcp
          ? { host: "127.0.0.1", port: tcpServer.port }
          : { path };
        const heard = await talk(where, chunksOf(sent, cuts), ends);
        const answers = heard
          .split(/(?=HTTP\/1\.1 \d{3} )/)
          .filter((one) => !one.startsWith("HTTP/1.1 100 "));
        assert.ok(answers.length <= 1, `${answers.length} answers: ${heard.slice(0, 2000)}`);
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1] ?? "nothing";
        if (status in reached) reached[status] = (reached[status] ?? 0) + 1;
        assert.notEqual(status, "500");
        assert.doesNotMatch(heard.replaceAll(/[\r\n]/g, ""), UNSAFE);
        assert.deepEqual(problems, []);
        if (byTcp) assert.deepEqual(orders, [], "a TCP port is read-only");
        else if (orders.length > 0) {
          const wanted = ordered(sent.toString("latin1"));
          assert.equal(orders.length, 1);
          assert.ok(wanted !== undefined, `Nobody ordered ${orders[0]}`);
          reached["ordered"] = (reached["ordered"] ?? 0) + 1;
        }
      },
    };

    async function talk(
      where: NetConnectOpts,
      chunks: readonly Buffer[],
      ends: boolean,
    ): Promise<string> {
      let heard = "";
      const socket = connect({ ...where, allowHalfOpen: true });
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
      socket.once("end", () => socket.end());
      const over = closed(socket);
      for (const chunk of chunks) {
        socket.write(chunk);
        await turn();
      }
      if (ends) socket.end();
      // Whoever says nothing more, or does not go, is sent away when its time is over.
      for (let turns = 0; turns < 20 && !socket.closed; turns += 1) await turn();
      while (!socket.closed) {
        timers.advance(TOO_LONG_MS);
        await turn();
      }
      await over;
      return heard;
    }
  },
);

function chunksOf(sent: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (sent.length + 1)), sent.length].toSorted(
    (one, other) => one - other,
  );
  return places.slice(1).map((end, nth) => sent.subarray(places[nth], end));
}
