/** Ten thousand prefixes in one service, and a small service that dies meanwhile. Needs root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMiniLab } from "../lab/mini-lab.ts";
import { POP_SESSION } from "../lab/region.ts";
import { manyPrefixes, switchedConfig, switchOff, switchOn } from "../lab/switches.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import { PATIENCE, waitForDecision } from "./fixtures.ts";

const COUNT = 10_000;
const SMALL = manyPrefixes("ipv4", 2, COUNT);

/** So much of the large change may be on the wire between the decision about the small service and its last UPDATE. */
const MEANWHILE_MAX = COUNT / 10;

test("10,000 prefixes come and go, and the withdrawal of two others overtakes them", async (t) => {
  const mini = await createMiniLab({
    families: ["ipv4"],
    startsWeb: false,
    startsExabgp: false,
    // A session whose keepalives fail ends within the test.
    editExabgpConfig: (text) => text.replace(/hold-time \d+;/, "hold-time 9;"),
  });
  t.after(() => mini.remove());
  const { pop, transit } = mini;
  const { folder } = pop;
  const services = [
    { name: "large", prefixes: manyPrefixes("ipv4", COUNT), med: 5 },
    // With the same attributes it could stand behind the others.
    { name: "small", prefixes: SMALL, med: 5 },
  ];
  pop.writeConfig(switchedConfig(folder, services));
  const until = (what: string, fits: (count: number) => boolean) =>
    waitUntil(
      what,
      async () => {
        const count = await transit.routeCount(POP_SESSION.ipv4);
        return fits(count) ? count : undefined;
      },
      { ...PATIENCE, everyMs: 20, hint: pop.exabgp.agentLogFile },
    );
  switchOn(folder, "small");
  await pop.exabgp.start();
  await until("the small service", (count) => count === SMALL.length);

  for (const kind of ["announced", "withdrawn"] as const) {
    const beganMs = wallClockMs();
    (kind === "announced" ? switchOn : switchOff)(folder, "large");
    const isBegun = (count: number) => count > COUNT / 20 && count < COUNT - COUNT / 20;
    await until(`some prefixes to be ${kind}`, isBegun);
    switchOff(folder, "small");
    await until(
      `all prefixes to be ${kind}`,
      (count) => count === (kind === "announced" ? COUNT : 0),
    );
    const events = transit.events().filter(({ atMs }) => atMs >= beganMs);
    const small = events.filter(({ prefix = "" }) => SMALL.includes(prefix));
    assert.deepEqual(
      small.map((event) => event.kind),
      ["withdrawn", "withdrawn"],
    );
    const gone = await waitForDecision(pop, { to: "down", ack: "done" }, "small");
    const decidedMs = Date.parse(gone.at);
    const lastMs = Math.max(...small.map(({ atMs }) => atMs));
    const large = events.filter(
      (event) => event.kind === kind && !SMALL.includes(event.prefix ?? ""),
    );
    assert.equal(large.length, COUNT, "each once");
    const meanwhile = large.filter(({ atMs }) => atMs > decidedMs && atMs < lastMs).length;
    const later = large.filter(({ atMs }) => atMs > lastMs).length;
    t.diagnostic(`${kind}: ${meanwhile} of the others meanwhile, ${later} later`);
    assert.ok(meanwhile < MEANWHILE_MAX, `${meanwhile} of the others came first`);
    assert.ok(later > 0, "it was not in the middle of the others");
    if (kind === "withdrawn") continue;
    switchOn(folder, "small");
    await until("the small service is back", (count) => count === COUNT + SMALL.length);
  }
  const { commands } = await waitForDecision(pop, { to: "down", ack: "done" }, "large");
  assert.equal(commands.flatMap((line) => line.split(" nlri ")[1]?.split(" ")).length, COUNT);
  const sessions = transit
    .events()
    .filter(({ session, kind }) => session === POP_SESSION.ipv4 && kind.startsWith("session-"));
  assert.deepEqual(
    sessions.map(({ kind }) => kind),
    ["session-up"],
    "the session has not ended",
  );
});
