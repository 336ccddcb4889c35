/** `dns`: passes when one question is answered with an expected rcode, flags and records. */
import { z } from "zod";
import type { ProbeContext } from "./context.ts";
import { ask, type Asked } from "./dns-ask.ts";
import { FLAG_BITS, RCODES } from "./dns-frame.ts";
import { createLagJudge } from "./dns-lag.ts";
import type { Reply } from "./dns-message.ts";
import { canonical, DNS_RECORDS, exampleOf } from "./dns-records.ts";
import { parseEndpoint, type Endpoint } from "./endpoint.ts";
import { isName } from "./keys.ts";
import { fail, pass, type Probe, type Result } from "./probe.ts";

const DNS_PORT = 53;

/** A list that a person wrote; an answer has at most 128 records. */
const EXPECT_MAX = 32;

/** Longer texts would only be cut in every message. */
const VALUE_MAX = 1024;

/** More has no order (RFC 1982 section 3.2). */
const LAG_MAX = 2 ** 31 - 1;

const FLAGS = ["aa", "ad", "ra", "no-aa", "no-ad", "no-ra"] as const;
type Flag = (typeof FLAGS)[number];

const Server = z
  .string()
  .refine(
    (text) => parseEndpoint(text, DNS_PORT) !== undefined,
    "must be an address or name, with a port if need be: 127.0.0.1, 127.0.0.1:53, [::1]:53",
  );

export const DnsCheck = z
  .strictObject({
    type: z.literal("dns"),
    server: Server.describe("Server to ask: `127.0.0.1`, `127.0.0.1:53`, `[::1]:53`. [required]"),
    name: z
      .string()
      .refine((name) => name === "." || isName(name), "must be a domain name, or . for the root")
      .describe("Name to ask for. [required]"),
    record: z.enum(DNS_RECORDS).default("A").describe("Record type to ask for. [A]"),
    transport: z
      .enum(["udp", "tcp"])
      .default("udp")
      .describe("With `udp`, a truncated answer is asked for again over TCP. [udp]"),
    recursion: z
      .boolean()
      .default(true)
      .describe("Whether the server may ask others (the RD flag). [true]"),
    expect: z
      .array(z.string().max(VALUE_MAX, `must be at most ${VALUE_MAX} characters`))
      .min(1, "must have at least one value")
      .max(EXPECT_MAX, `must have at most ${EXPECT_MAX} entries`)
      .optional()
      .describe(
        "Values that must all be among the answers, as in a zone file. [any record of this type]",
      ),
    "expect-rcode": z
      .array(z.enum(RCODES))
      .min(1, "must have at least one rcode")
      .max(RCODES.length, `must have at most ${RCODES.length} entries`)
      .default(["NOERROR"])
      .describe("Rcodes that pass. [NOERROR]"),
    "expect-flags": z
      .array(z.enum(FLAGS))
      .max(FLAGS.length, `must have at most ${FLAGS.length} entries`)
      .default([])
      .describe("Flags that the answer must have, or with `no-` must not have. [none]"),
    "serial-of": Server.optional().describe(
      "Another server with the same zone, behind which the SOA serial may lag by `max-lag`. [none]",
    ),
    "max-lag": z
      .int(`must be a whole number from 0 to ${LAG_MAX}`)
      .min(0)
      .max(LAG_MAX)
      .optional()
      .describe("By how much the serial may be behind; required with `serial-of`. [none]"),
  })
  .superRefine((check, context) => {
    const refuse = (key: keyof typeof check, message: string, at: number[] = []): void =>
      context.addIssue({ code: "custom", path: [key, ...at], message });
    for (const [at, value] of (check.expect ?? []).entries()) {
      if (canonical(check.record, value) !== undefined) continue;
      refuse("expect", `must be ${check.record} data such as ${exampleOf(check.record)}`, [at]);
    }
    for (const [at, flag] of check["expect-flags"].entries()) {
      const opposite = FLAGS.find((each) => each === `no-${flag}`);
      if (opposite !== undefined && check["expect-flags"].includes(opposite)) {
        refuse("expect-flags", `must not be beside ${opposite}`, [at]);
      }
    }
    const lag = check["max-lag"];
    if (!check["expect-rcode"].includes("NOERROR")) {
      const why = "must be absent: expect-rcode has no NOERROR";
      if (check.expect !== undefined) refuse("expect", why);
      if (check["serial-of"] !== undefined) refuse("serial-of", why);
    }
    if (check["serial-of"] === undefined) {
      // One that was wrong and cut out is there, without a value.
      const isCut = Object.hasOwn(check, "serial-of");
      if (lag !== undefined && !isCut) refuse("max-lag", "must be absent without serial-of");
      return;
    }
    if (check.record !== "SOA") refuse("serial-of", "must be absent: record is not SOA");
    if (!Object.hasOwn(check, "max-lag"))
      refuse("max-lag", `must be a whole number from 0 to ${LAG_MAX}`);
  });
export type DnsCheck = z.infer<typeof DnsCheck>;

export function createDnsProbe(spec: DnsCheck, context: ProbeContext): Probe {
  const { name, record, recursion, transport } = spec;
  const question = { name, record, recursion };
  const askOf = (server: string) => ({ server: endpointOf(server), question, transport });
  const own = askOf(spec.server);
  const other = spec["serial-of"];
  const lag =
    other === undefined ? undefined : createLagJudge(askOf(other), spec["max-lag"] ?? 0, context);
  return async (signal) => {
    const judgeLag = lag?.start(signal);
    const asked = await ask(own, context, signal);
    const result = judge(spec, asked);
    if (judgeLag === undefined || result.outcome !== "pass" || "failure" in asked) return result;
    const [soa] = asked.reply.values;
    return soa === undefined ? result : await judgeLag(soa);
  };
}

function judge(spec: DnsCheck, asked: Asked): Result {
  if ("failure" in asked) return asked.failure;
  const { rcode, flags } = asked.reply;
  const question = `${spec.record} ${spec.name}`;
  if (!spec["expect-rcode"].some((expected) => expected === rcode)) {
    return fail("wrong-rcode", `${rcode} for ${question}`);
  }
  const contrary = spec["expect-flags"].find((flag) => !hasFlag(flags, flag));
  if (contrary !== undefined) {
    const seen = contrary.startsWith("no-") ? `${contrary.slice(3)} is set` : `no ${contrary}`;
    return fail("wrong-flags", `${seen} in the answer for ${question}`);
  }
  return rcode === "NOERROR" ? judgeValues(spec, asked.reply) : pass(`${rcode} for ${question}`);
}

function judgeValues({ record, name, expect = [] }: DnsCheck, { values }: Reply): Result {
  if (values.length === 0) return fail("wrong-answer", `no ${record} record for ${name}`);
  const found = values.join(", ");
  const missing = expect.find((value) => !values.includes(canonical(record, value) ?? value));
  if (missing !== undefined) return fail("wrong-answer", `no ${missing} in: ${found}`);
  return pass(`${record} ${found}`);
}

function hasFlag(flags: number, flag: Flag): boolean {
  switch (flag) {
    case "aa":
    case "ad":
    case "ra":
      return (flags & FLAG_BITS[flag]) !== 0;
    case "no-aa":
      return (flags & FLAG_BITS.aa) === 0;
    case "no-ad":
      return (flags & FLAG_BITS.ad) === 0;
    case "no-ra":
      return (flags & FLAG_BITS.ra) === 0;
  }
}

function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text, DNS_PORT);
  if (endpoint === undefined) throw new RangeError(`Cannot use "${text}" as a server`);
  return endpoint;
}
