import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { createResolver } from "../../checks/resolve.ts";
import { systemTimers } from "../../checks/timers.ts";
import { serveDns, type DnsReply } from "./dns-server.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";
import { answering, listen } from "./servers.ts";

const NO_HOSTS = { hostsFile: "/nonexistent" };
const NAME = "health.example";

/** Addresses with spaces between, or `outcome reason`. */
async function resolve(servers: string[], host = NAME, signal = new AbortController().signal) {
  const resolved = await createResolver({ ...NO_HOSTS, servers }).resolve(host, signal);
  if ("failure" in resolved) return `${resolved.failure.outcome} ${resolved.failure.reason}`;
  return resolved.addresses.map(({ address, family }) => `${address}/${family}`).join(" ");
}

describe("what a DNS server says", { timeout: HANG_MS }, () => {
  const cases: readonly { A: DnsReply; AAAA: DnsReply; is: string }[] = [
    { A: ["192.0.2.1"], AAAA: [], is: "192.0.2.1/4" },
    { A: [], AAAA: ["2001:db8::1"], is: "2001:db8::1/6" },
    {
      A: ["192.0.2.2", "192.0.2.1"],
      AAAA: ["2001:db8::1"],
      is: "2001:db8::1/6 192.0.2.2/4 192.0.2.1/4",
    },
    { A: ["192.0.2.1"], AAAA: "SERVFAIL", is: "192.0.2.1/4" },
    { A: "NXDOMAIN", AAAA: "NXDOMAIN", is: "fail name-not-found" },
    { A: "NXDOMAIN", AAAA: "SERVFAIL", is: "fail name-not-found" },
    { A: [], AAAA: [], is: "fail name-not-found" },
    { A: [], AAAA: "SERVFAIL", is: "inconclusive resolver-failed" },
    { A: "SERVFAIL", AAAA: "SERVFAIL", is: "inconclusive resolver-failed" },
    { A: "REFUSED", AAAA: "REFUSED", is: "inconclusive resolver-failed" },
  ];
  for (const { A, AAAA, is } of cases) {
    test(`A ${String(A)}, AAAA ${String(AAAA)}: ${is}`, async (context) => {
      const server = await serveDns(context, { A, AAAA });
      assert.equal(await resolve([server.address]), is);
      assert.deepEqual(server.questions.toSorted(), [`A ${NAME}`, `AAAA ${NAME}`]);
    });
  }

  test("a silent server: inconclusive when time is over, not a timeout of the service", async (context) => {
    const server = await serveDns(context, { A: "silent", AAAA: "silent" });
    const timers = manualTimers();
    const options = { ...NO_HOSTS, servers: [server.address], timers, timeoutMs: 500 };
    for (const keys of [
      { type: "tcp", host: NAME, port: 9 },
      { type: "http", url: `http://${NAME}/` },
    ]) {
      const running = runCheck(keys, options);
      await server.question();
      const abortedMs = systemTimers.nowMs();
      timers.advance(500);
      assert.deepEqual((await running).result, {
        outcome: "inconclusive",
        reason: "resolver-failed",
        detail: `no answer in time for ${NAME}`,
      });
      assert.equal(timers.pending, 0);
      // Cancelled: the queries would go on for nearly 4 s by themselves.
      assert.ok(systemTimers.nowMs() - abortedMs < 2000);
    }
  });

  test("time that is over before it begins asks nobody for long", async (context) => {
    const server = await serveDns(context, { A: "silent", AAAA: "silent" });
    const signal = AbortSignal.abort();
    assert.equal(await resolve([server.address], NAME, signal), "inconclusive resolver-failed");
  });

  const oneType: readonly { A: DnsReply; AAAA: DnsReply; host: string }[] = [
    { A: ["127.0.0.1"], AAAA: "silent", host: "127.0.0.1" },
    { A: "silent", AAAA: ["::1"], host: "::1" },
  ];
  for (const { A, AAAA, host } of oneType) {
    test(`A ${String(A)}, AAAA ${String(AAAA)}: the service is asked at ${host}`, async (context) => {
      const server = await listen(context, answering("HTTP/1.1 204 Any\r\n\r\n"), { host });
      const dns = await serveDns(context, { A, AAAA });
      const { port } = server;
      // Shorter than the queries take by themselves.
      const options = { ...NO_HOSTS, servers: [dns.address], timeoutMs: 2000 };
      const tcp = await runCheck({ type: "tcp", host: NAME, port }, options);
      assert.equal(tcp.result.detail, `connected to ${host}`);
      const http = await runCheck({ type: "http", url: `http://${NAME}:${port}/` }, options);
      assert.equal(http.result.detail, "status 204");
    });

    test(`A ${String(A)}, AAAA ${String(AAAA)}: time over meanwhile says nothing`, async (context) => {
      const dns = await serveDns(context, { A, AAAA });
      const timers = manualTimers();
      const options = { ...NO_HOSTS, servers: [dns.address], timers, timeoutMs: 40 };
      for (const keys of [
        { type: "tcp", host: NAME, port: 9 },
        { type: "http", url: `http://${NAME}/` },
      ]) {
        const running = runCheck(keys, options);
        const started = timers.pending;
        await until(() => timers.pending > started);
        timers.advance(40);
        const { outcome, reason } = (await running).result;
        assert.equal(`${outcome} ${reason}`, "inconclusive resolver-failed");
        assert.equal(timers.pending, 0);
      }
    });
  }

  test("the other type is waited for, and then comes first", async (context) => {
    const dns = await serveDns(
      context,
      { A: ["192.0.2.1"], AAAA: ["2001:db8::1"] },
      { last: "AAAA" },
    );
    const timers = manualTimers();
    const options = { ...NO_HOSTS, servers: [dns.address], timers };
    const resolving = createResolver(options).resolve(NAME, new AbortController().signal);
    await until(() => timers.pending > 0);
    timers.advance(49);
    dns.release();
    const resolved = await resolving;
    assert.ok("addresses" in resolved);
    assert.deepEqual(
      resolved.addresses.map(({ address }) => address),
      ["2001:db8::1", "192.0.2.1"],
    );
    assert.equal(timers.pending, 0);
  });

  test("the other type counts if it is here when a late timer ends the wait", async (context) => {
    const replies = { A: ["192.0.2.1"], AAAA: ["2001:db8::1"] };
    const dns = await serveDns(context, replies, { last: "AAAA" });
    const timers = manualTimers();
    const resolver = createResolver({
      ...NO_HOSTS,
      servers: [dns.address],
      timers: {
        nowMs: () => timers.nowMs(),
        // The loop reads the socket between a timer and one that is set by it.
        after: (delayMs, run) => (delayMs === 0 ? () => {} : timers.after(delayMs, run)),
      },
    });
    const resolving = resolver.resolve(NAME, new AbortController().signal);
    await until(() => timers.pending > 0);
    timers.advance(60);
    dns.release();
    const resolved = await resolving;
    assert.ok("addresses" in resolved && resolved.addresses.length === 2);
  });

  test("a server that does not run", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    assert.equal(await resolve([`127.0.0.1:${port}`]), "inconclusive resolver-failed");
  });

  test("the second server is asked when the first is silent", async (context) => {
    const first = await serveDns(context, { A: "silent", AAAA: "silent" });
    const second = await serveDns(context, { A: ["192.0.2.1"], AAAA: [] });
    assert.equal(await resolve([first.address, second.address]), "192.0.2.1/4");
    assert.ok(first.questions.length >= 2);
  });

  test("the probes go on to the address", async (context) => {
    const server = await listen(context, answering("HTTP/1.1 204 Any\r\n\r\n"));
    const dns = await serveDns(context, { A: ["127.0.0.1"], AAAA: ["::1"] });
    const options = { ...NO_HOSTS, servers: [dns.address] };
    const { port } = server;
    // Nobody listens on ::1: the refusal is passed over.
    const tcp = await runCheck({ type: "tcp", host: NAME, port }, options);
    assert.equal(tcp.result.detail, "connected to 127.0.0.1");
    const http = await runCheck({ type: "http", url: `http://${NAME}:${port}/` }, options);
    assert.equal(http.result.detail, "status 204");
    assert.match(server.received, new RegExp(`\r\nhost: ${NAME}:${port}\r\n`, "i"));
  });
});

describe("what needs no DNS server", () => {
  const cases: readonly [host: string, is: string][] = [
    ["192.0.2.1", "192.0.2.1/4"],
    ["2001:db8::1", "2001:db8::1/6"],
    ["fe80::1%lo", "fe80::1%lo/6"],
    ["localhost", "127.0.0.1/4 ::1/6"],
    ["LOCALHOST.", "127.0.0.1/4 ::1/6"],
    ["web.localhost", "127.0.0.1/4 ::1/6"],
  ];
  for (const [host, is] of cases) {
    test(`${host}: ${is}`, async (context) => {
      const server = await serveDns(context, { A: "NXDOMAIN", AAAA: "NXDOMAIN" });
      assert.equal(await resolve([server.address], host), is);
      assert.deepEqual(server.questions, []);
    });
  }
});
