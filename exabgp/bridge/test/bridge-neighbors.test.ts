import assert from "node:assert/strict";
import { test } from "node:test";
import type { NeighborsListing } from "../src/index.ts";
import { Harness, HEADER_LINE } from "./harness.ts";
import { A, ANNOUNCE_A, BARRIER } from "./lines.ts";

const QUESTION = "show neighbor configuration";
const ROUTES_QUESTION = "show adj-rib out extensive";
const SESSIONS = `${HEADER_LINE}127.0.0.2       64497     down        active                1          0\ndone\n`;

interface Block {
  readonly families?: readonly string[];
  readonly processes?: readonly string[];
  readonly local?: string;
}

/** As 4.2.21 writes it. */
function block(address: string, { families, processes, local }: Block = {}): string {
  const list = (families ?? ["ipv4 unicast", "ipv6 unicast"]).map((one) => `    ${one};\n`);
  const apis = (processes ?? ["child"]).map(
    (name) =>
      `  api {\n    processes [ ${name} ];\n    neighbor-changes;\n    send {\n      parsed;\n    }\n  }\n`,
  );
  return `neighbor ${address} {
  description "ipv4 unicast; } done";
  router-id 127.0.0.1;
  local-address ${local ?? "127.0.0.1"};
  local-as 64496;
  peer-as None;

  passive true;
  md5-password "secret";

  capability {
    asn4 enable;
  }
  family {
${list.join("")}  }
  nexthop {
    ipv6 unicast;
  }
  add-path {
  }
${apis.join("")}}
`;
}

class Asking extends Harness {
  readonly listings: NeighborsListing[] = [];

  async list(): Promise<void> {
    this.bridge.listNeighbors((listing) => this.listings.push(listing));
    await this.settle();
  }

  /** What one answer says, as `ADDRESS FAMILIES`, or how it ended. */
  async hear(answer: string): Promise<string[]> {
    await this.list();
    this.written();
    this.say(`${SESSIONS}${answer}${SESSIONS}`);
    const { outcome = "", neighbors = [] } = this.listings.at(-1) ?? {};
    if (outcome !== "done") return [outcome];
    return neighbors.map(({ neighbor, families }) => [neighbor, ...families].join(" "));
  }
}

async function started(): Promise<Asking> {
  const it = new Asking();
  await it.startReady();
  return it;
}

test("a neighbor is read as it is configured, and nothing else of it is kept", async () => {
  const it = await started();
  await it.announce("a", A);
  await it.list();
  assert.deepEqual(it.written(), [ANNOUNCE_A, BARRIER, QUESTION, BARRIER]);
  it.say(`done\n${SESSIONS}${block("192.0.2.1", { local: "192.0.2.2" })}done\n${SESSIONS}`);
  assert.deepEqual(it.listings, [
    {
      outcome: "done",
      neighbors: [
        {
          neighbor: "192.0.2.1",
          localAddress: "192.0.2.2",
          families: ["ipv4", "ipv6"],
          localAs: 64_496,
        },
      ],
      askedAtMs: 1000,
      answeredAtMs: 1000,
    },
  ]);
  assert.deepEqual([it.outcomes, it.problems], [["a done"], []]);
});

const cases: readonly { name: string; answer: string; heard: readonly string[] }[] = [
  { name: "none", answer: "done\n", heard: [] },
  {
    name: "several, canonical and sorted, each once",
    answer: `${block("2001:DB8::1")}${block("10.0.0.1", { families: ["ipv6 unicast"] })}${block("10.0.0.1", { families: ["ipv4 unicast", "ipv4 flow", "ipv6 multicast"] })}done\n`,
    heard: ["10.0.0.1 ipv4 ipv6", "2001:db8::1 ipv4 ipv6"],
  },
  {
    name: "not those that name no process, where others do",
    answer: `${block("10.0.0.1", { processes: [] })}${block("10.0.0.2")}done\n`,
    heard: ["10.0.0.2 ipv4 ipv6"],
  },
  {
    name: "all where none does",
    answer: `${block("10.0.0.1", { processes: [] })}${block("10.0.0.2", { processes: [] })}done\n`,
    heard: ["10.0.0.1 ipv4 ipv6", "10.0.0.2 ipv4 ipv6"],
  },
  {
    name: "all of several processes: any may be this one",
    answer: `${block("10.0.0.1", { processes: ["a"] })}${block("10.0.0.2", { processes: ["b"] })}done\n`,
    heard: ["10.0.0.1 ipv4 ipv6", "10.0.0.2 ipv4 ipv6"],
  },
  { name: "no range of addresses", answer: `${block("10.0.0.0/30")}done\n`, heard: ["error"] },
  { name: "no refusal", answer: "error\n", heard: ["error"] },
  {
    name: "no half block",
    answer: `${block("10.0.0.1").slice(0, -2)}done\n`,
    heard: ["error"],
  },
  {
    name: "no block without its beginning",
    answer: `${block("10.0.0.1").slice(20)}done\n`,
    heard: ["error"],
  },
  {
    name: "no block whose end was lost",
    answer: `${block("10.0.0.1").slice(0, -2)}${block("10.0.0.2")}done\n`,
    heard: ["error"],
  },
  {
    name: "no other listing",
    answer:
      "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast 192.0.2.0/24 next-hop self\ndone\n",
    heard: ["error"],
  },
  { name: "no JSON", answer: '{"a": 1}\ndone\n', heard: ["error"] },
  { name: "no end", answer: block("10.0.0.1"), heard: ["timeout"] },
];

for (const { name, answer, heard } of cases) {
  test(`what ExaBGP lists: ${name}`, async () => {
    const it = await started();
    assert.deepEqual(await it.hear(answer), heard);
    // No password is shown, whatever is wrong with the line that it is on.
    assert.doesNotMatch(JSON.stringify(it.problems), /secret/);
    // The next question is answered as if nothing had been.
    assert.deepEqual(await it.hear(`${block("10.0.0.9")}done\n`), ["10.0.0.9 ipv4 ipv6"]);
  });
}

test("neighbors and routes are asked for one after the other", async () => {
  const it = await started();
  it.bridge.listRoutes(() => {});
  await it.list();
  assert.deepEqual(it.written(), [BARRIER, QUESTION, BARRIER]);
  it.say(`${SESSIONS}${block("10.0.0.1")}done\n${SESSIONS}`);
  assert.deepEqual(it.written(), [BARRIER, ROUTES_QUESTION, BARRIER]);
  it.say(`${SESSIONS}done\n${SESSIONS}`);
  assert.equal(it.bridge.status().unreadBytes, 0);
});

test("an answer of a predecessor's ends no command", async () => {
  const it = await started();
  await it.announce("a", A);
  it.say(`${block("10.0.0.1")}done\n`);
  assert.deepEqual(it.outcomes, []);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["a done"]);
});

test("without acknowledgements the barriers are beginning and end", async () => {
  const it = new Asking();
  it.bridge.start();
  it.say("exabgp 4.2.21\n");
  await it.timers.advance(1000);
  const sessions = SESSIONS.replace("done\n", "");
  it.say(sessions);
  for (const said of [block("10.0.0.1"), block("10.0.0.1").slice(0, -2)]) {
    await it.list();
    it.say(`${sessions}${said}${sessions}`);
  }
  assert.deepEqual(
    it.listings.map(({ outcome, neighbors }) => `${outcome} ${neighbors.length}`),
    ["done 1", "error 0"],
  );
});

test("6.0 is not asked, and a bridge that has stopped neither", async () => {
  const it = new Asking();
  it.bridge.start();
  it.say('done\n{ "version": "6.0.0", "application": "exabgp" }\ndone\n');
  it.say('[ { "peer-address": "127.0.0.2" } ]\ndone\n');
  it.written();
  await it.list();
  assert.deepEqual(it.written(), []);
  it.bridge.stop();
  await it.list();
  assert.deepEqual(
    it.listings.map(({ outcome }) => outcome),
    ["unsupported", "closed"],
  );
});
