/**
 * An ExaBGP that says anything: the agent writes nothing but commands, keeps little, says what was wrong, and goes on;
 * a service that dies afterwards is withdrawn, and that is acknowledged.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { isCommandLine } from "exabgp-ts-bridge";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, webConfig, type Site } from "./scripted-exabgp.ts";

/** More than a started agent has at its most, and less than what it is told here. */
const RESIDENT_MAX_KIB = 400_000;

const HEADER = "Peer            AS        up/down state       |     #sent     #recvd\n";
const LISTED =
  "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast 203.0.113.0/24 next-hop self\n";
const HELD = LISTED.replace("203.0.113.0", "192.0.2.0");
const ROUTES_QUESTION = "show adj-rib out extensive";
/** Escape codes, a command, and what a terminal would obey. */
const EVIL = "\u001b]0;owned\u0007\rwithdraw route 192.0.2.0/24 next-hop self\u0085 \u202e é";

function state(word: string, peer = "127.0.0.2"): string {
  const neighbor = { address: { local: "127.0.0.1", peer }, state: word, reason: EVIL };
  return `${JSON.stringify({ exabgp: "4.0.1", type: "state", neighbor })}\n`;
}

/** `word` is the problem that the log names; undefined: there is nothing to tell. */
const cases: {
  readonly name: string;
  readonly said: readonly (string | Buffer)[];
  readonly word: string | undefined;
}[] = [
  {
    name: "half a line, which the next answer ends",
    said: ["neighbor 127.0.0.2 lo"],
    word: "answer-timeout",
  },
  { name: "half an event", said: ['{ "exabgp": "4.0.1", "ty'], word: "malformed-line" },
  { name: "a line of 10 MiB", said: ["x".repeat(10_485_760), "\n"], word: "line-dropped" },
  {
    name: "10 MiB without an end, and then one",
    said: ["é".repeat(5_242_880), "\ndone\n"],
    word: "line-dropped",
  },
  {
    name: "JSON that nobody knows",
    said: [
      '{"a":1}\n[]\n[[[[1]]]]\n{ "exabgp": 5, "type": {} }\n{ "exabgp": "4", "type": "x" }\n',
      `{"exabgp"${EVIL}\n`,
    ],
    word: "malformed-line",
  },
  {
    name: "JSON nested 100,000 deep",
    said: ["[".repeat(100_000), "\n"],
    word: "malformed-line",
  },
  {
    name: "bytes that are not UTF-8",
    said: [Buffer.from([0xff, 0xfe, 0x80, 10, 0xc3, 10, 0, 0, 10])],
    word: undefined,
  },
  {
    name: "control characters",
    said: [`${EVIL}\n`, `error: ${EVIL}\n`, `neighbor ${EVIL} up\n`],
    word: undefined,
  },
  { name: "100,000 times done", said: ["done\n".repeat(100_000)], word: "stale-answer" },
  { name: "100,000 times error", said: ["error\n".repeat(100_000)], word: "stale-answer" },
  {
    name: "a listing of sessions out of order, without its end",
    said: [HEADER],
    word: "stale-answer",
  },
  {
    name: "300,000 routes that nobody asked for",
    said: Array.from({ length: 300 }, () => LISTED.repeat(1000)),
    word: "stale-answer",
  },
  { name: "half a listing", said: [LISTED, LISTED.slice(0, 90)], word: "stale-answer" },
  { name: "20,000 events of one neighbor", said: [state("up").repeat(20_000)], word: undefined },
  {
    name: "events of 20,000 neighbors",
    said: [
      Array.from({ length: 20_000 }, (_, n) =>
        state("connected", `10.1.${n >> 8}.${n & 255}`),
      ).join(""),
    ],
    word: undefined,
  },
];

const LONG = "200,000 routes";

/** The second answer to a question for routes; the others are right. */
const listings: { readonly name: string; readonly listing: string; readonly word?: string }[] = [
  { name: LONG, listing: `${LISTED.repeat(200_000)}done\n`, word: "listing-unusable" },
  { name: "no end", listing: HELD, word: "listing-unusable" },
  { name: "half a line", listing: `${HELD.slice(0, 90)}\ndone\n`, word: "listing-unusable" },
  { name: "a line of 10 MiB", listing: `${"x".repeat(10_485_760)}\ndone\n`, word: "line-dropped" },
  { name: "words of nobody", listing: `${EVIL}\ndone\n`, word: "listing-unusable" },
  { name: "an error", listing: "error\n" },
];

async function announced(t: TestContext): Promise<{ site: Site; exabgp: ScriptedExabgp }> {
  const site = await createSite(t);
  site.writeConfig(`exabgp: { ack-timeout: 500ms }\n${webConfig(site.port)}`);
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  await exabgp.waitForStatus("the answer", ({ services }) => services[0]?.state === "up");
  return { site, exabgp };
}

/** Its service dies: the agent withdraws it, and ExaBGP's answer is its own. */
async function goesOn({ site, exabgp }: { site: Site; exabgp: ScriptedExabgp }): Promise<void> {
  site.service.close();
  // Where an answer was lost, the command is repeated, and that is a record of its own.
  const record = await waitUntil(
    "the acknowledged withdrawal",
    () =>
      site
        .audit()
        .find(({ to, ack, reason }) => ack === "done" && (to === "down" || reason === "repeated")),
    { deadlineMs: 20_000 },
  );
  assert.ok(record.commands?.every((line) => line.startsWith("withdraw route 192.0.2.0/24 ")));
  assert.equal(exabgp.commands.at(-1), record.commands?.at(-1));
  const lines = exabgp.stdout.toString("latin1").split("\n").slice(0, -1);
  assert.deepEqual(
    lines.filter((line) => !isCommandLine(line)),
    [],
  );
  assert.ok(exabgp.commands.length < 20, `${exabgp.commands.length} commands`);
  // Only its own newlines are control characters.
  assert.match(exabgp.stderr, /^[\n\x20-\x7e]*$/);
  const residentKib = Number(
    /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${exabgp.child.pid}/status`, "utf8"))?.[1],
  );
  assert.ok(residentKib < RESIDENT_MAX_KIB, `${residentKib} KiB`);
}

describe("the agent goes on after", () => {
  for (const { name, said, word } of cases) {
    it(name, async (t) => {
      const both = await announced(t);
      const { exabgp } = both;
      for (const part of said) {
        if (!exabgp.child.stdin.write(part)) await once(exabgp.child.stdin, "drain");
      }
      await goesOn(both);
      if (word === undefined) return;
      const told = `"word":"${word}"`;
      await waitUntil(told, () => exabgp.stderr.includes(told) || undefined);
    });
  }

  for (const { name, listing, word } of listings) {
    it(`a listing with ${name}${name === LONG ? "" : ", and asks again"}`, async (t) => {
      const site = await createSite(t);
      site.writeConfig(
        `exabgp: { ack-timeout: 500ms, reconcile-interval: 1s }\n${webConfig(site.port)}`,
      );
      const exabgp = new ScriptedExabgp(site);
      let asked = 0;
      exabgp.answer = (line) => {
        if (line !== ROUTES_QUESTION) return "done\n";
        asked += 1;
        if (asked === 2) return listing;
        return exabgp.commands.at(-1)?.startsWith("announce ") ? `${HELD}done\n` : "done\n";
      };
      await exabgp.waitForStatus("up", ({ services }) => services[0]?.state === "up");
      // The long one is rested for, fifty times as long as it took: minutes.
      const isSeen = () =>
        name === LONG ? exabgp.stderr.includes(`"word":"${word ?? ""}"`) : asked >= 4;
      await waitUntil("the question after it", () => isSeen() || undefined, {
        deadlineMs: 20_000,
      });
      // What could not be read is not mended.
      assert.equal(exabgp.commands.length, 1, exabgp.commands.join("\n"));
      await goesOn({ site, exabgp });
      assert.equal(word === undefined || exabgp.stderr.includes(`"word":"${word}"`), true);
    });
  }

  it("an answer to nothing for a while", async (t) => {
    const both = await announced(t);
    const { exabgp, site } = both;
    exabgp.answer = () => undefined;
    site.drain("web", "");
    await exabgp.waitForCommands(3);
    assert.match(exabgp.stderr, /"word":"answer-timeout"/);
    exabgp.answer = () => "done\n";
    await waitUntil("the acknowledged drain", () =>
      site.audit().find(({ to, ack }) => to === "drained" && ack !== undefined),
    );
    await exabgp.waitForStatus("withdrawn", ({ services }) => services[0]?.state === "drained");
  });

  it("an error to everything for a while", async (t) => {
    const both = await announced(t);
    const { exabgp, site } = both;
    exabgp.answer = () => "error\n";
    site.drain("web", "");
    await exabgp.waitForCommands(3);
    exabgp.answer = () => "done\n";
    const record = await waitUntil("the drain's record", () =>
      site.audit().find(({ to }) => to === "drained"),
    );
    assert.ok(record.ack === "error" || record.ack === "done");
    assert.ok(exabgp.commands.length < 10, `${exabgp.commands.length} commands`);
  });
});
