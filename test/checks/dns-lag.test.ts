import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { serialLag } from "../../checks/dns-lag.ts";
import { createProbeContext } from "../../checks/context.ts";
import { CheckSchema, createProbe } from "../../checks/registry.ts";
import { serveDatagrams, type DatagramServer } from "./datagrams.ts";
import { HANG_MS } from "./probing.ts";
import type { TestContext } from "node:test";

const TOP = 2 ** 32;

describe("serials", () => {
  const cases: readonly [own: number, other: number, lag: number][] = [
    [5, 5, 0],
    [5, 7, 2],
    [7, 5, 0],
    [TOP - 1, 0, 1],
    [0, TOP - 1, 0],
    [TOP - 1, 9, 10],
    [1, 2 ** 31, 2 ** 31 - 1],
    [0, 2 ** 31, 0],
    [2 ** 31, 0, 0],
  ];
  for (const [own, other, lag] of cases) {
    test(`${own} is ${lag} behind ${other}`, () => assert.equal(serialLag(own, other), lag));
  }

  test("adding to a serial is what it is behind by (RFC 1982 section 3.1)", () => {
    fc.assert(
      fc.property(fc.nat(TOP - 1), fc.nat(2 ** 31 - 1), (own, added) => {
        assert.equal(serialLag(own, (own + added) % TOP), added);
        assert.equal(serialLag((own + added) % TOP, own), 0);
      }),
    );
  });
});

/** Answers with the SOA that `serial` gives at the moment; undefined: not at all. */
async function serveSoa(
  context: TestContext,
  serial: () => number | "SERVFAIL" | undefined,
): Promise<DatagramServer> {
  return await serveDatagrams(context, (message) => {
    const { id = 0, questions = [] } = decode(message);
    const now = serial();
    if (now === undefined) return [];
    const [{ name } = { name: "" }] = questions;
    const soa = {
      mname: "ns1.example",
      rname: "a.example",
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 1,
    };
    return [
      encode({
        type: "response",
        id,
        flags: now === "SERVFAIL" ? 2 : 0,
        questions,
        answers: now === "SERVFAIL" ? [] : [{ type: "SOA", name, data: { ...soa, serial: now } }],
      }),
    ];
  });
}

test(
  "a server that does not answer is not this service's fault, nor an excuse",
  { timeout: HANG_MS },
  async (context) => {
    let other: number | "SERVFAIL" | undefined;
    let own: number | "SERVFAIL" | undefined = 5;
    const primary = await serveSoa(context, () => other);
    const secondary = await serveSoa(context, () => own);
    const probe = createProbe(
      CheckSchema.parse({
        type: "dns",
        server: `127.0.0.1:${secondary.port}`,
        name: "example",
        record: "SOA",
        "serial-of": `127.0.0.1:${primary.port}`,
        "max-lag": 1,
      }),
      createProbeContext(),
    );
    const seen = async (): Promise<string> => {
      const over = new AbortController();
      const { outcome, reason, detail } = await probe(over.signal);
      over.abort();
      return `${outcome} ${reason} (${detail.replaceAll(/127\.0\.0\.1:\d+/g, "P")})`;
    };
    assert.equal(
      await seen(),
      "pass passed (serial 5, lag unknown behind P, which does not answer (timeout))",
    );
    other = "SERVFAIL";
    assert.match(await seen(), /^pass passed \(.*which does not answer \(SERVFAIL\)\)$/);
    other = 8;
    assert.equal(await seen(), "fail serial-lags (serial 5, 3 behind 8 of P)");
    other = undefined;
    assert.equal(
      await seen(),
      "fail serial-lags (serial 5, 3 behind 8 of P, which does not answer (timeout))",
    );
    own = 7;
    assert.match(await seen(), /^pass passed \(serial 7, 1 behind 8/);
    own = "SERVFAIL";
    assert.equal(await seen(), "fail wrong-rcode (SERVFAIL for SOA example)");
  },
);
