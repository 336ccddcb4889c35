/** Prefixes for some neighbors, sessions that go down, addresses that go: judged at the router. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { request } from "node:http";
import { join } from "node:path";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import { PATIENCE, readStatus, updates, waitForRoutes, waitForStatus } from "./fixtures.ts";

/** Both prefixes to both sessions, each of which carries both families. */
const config = (
  neighbors: readonly string[] = [],
) => `defaults: { interval: 1s, fast-interval: 100ms }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
${neighbors.length === 0 ? "" : `    announce: { neighbors: [${neighbors.map((one) => `"${one}"`).join(", ")}] }\n`}\
    checks: { ipv6: { type: http, url: "http://[2001:db8:53::53]/healthz" } }
`;

describe("neighbors", () => {
  let mini: MiniLab;
  let [four, six] = ["", ""];
  before(async () => {
    mini = await createMiniLab({ config: config() });
    await waitForRoutes(mini);
    const { sessions } = await waitForStatus(
      mini.pop,
      "both sessions",
      ({ sessions: all }) => all.filter(({ state }) => state === "up").length === 2,
    );
    four = sessions.find(({ neighbor }) => !neighbor.includes(":"))?.neighbor ?? "";
    six = sessions.find(({ neighbor }) => neighbor.includes(":"))?.neighbor ?? "";
  });
  after(() => mini.remove());

  /** A busy machine may have problems of its own meanwhile. */
  const waitForEnd = (words: readonly string[]) =>
    waitForStatus(mini.pop, "the end of it", ({ problems }) =>
      problems.every(({ word }) => !words.includes(word)),
    );

  test("that a reload no longer names lose the prefix, and the one that stays hears nothing", async () => {
    const sinceMs = wallClockMs();
    mini.pop.writeConfig(config([four]));
    const { status, stdout } = await mini.pop.anyctl("reload");
    assert.equal(status, 0, stdout);
    await mini.transit.waitForNoRoute(ANYCAST.ipv6.prefix, "pop6", PATIENCE);
    await waitForStatus(
      mini.pop,
      "each neighbor as it is to be",
      ({ services }) =>
        services[0]?.routes[0]?.neighbors.some(
          (one) => one.neighbor === four && one.accepted === "announce" && one.sent === "announce",
        ) === true,
    );
    assert.deepEqual(
      updates(mini, sinceMs).filter((line) => line.startsWith("pop4")),
      [],
    );
  });

  test("that come back get it again", async () => {
    mini.pop.writeConfig(config([four, six]));
    await mini.pop.anyctl("reload");
    await waitForRoutes(mini);
    const [first] = (await readStatus(mini.pop))?.services ?? [];
    const there = first?.routes[1]?.neighbors.find(({ neighbor }) => neighbor === six);
    assert.deepEqual([there?.session, there?.wanted], ["up", "announce"]);
  });

  test("without a session are a trouble with a name, and none at all is not healthy", async () => {
    await mini.transit.ask('disable "pop6"');
    const down = await waitForStatus(mini.pop, "session-down", ({ problems }) =>
      problems.some(({ word }) => word === "session-down"),
    );
    const { detail } = down.problems.find(({ word }) => word === "session-down") ?? {};
    assert.equal(detail, `no session with ${six}: not everybody hears web`);
    assert.deepEqual((await healthz(mini)).status, 200);
    await mini.transit.ask('disable "pop4"');
    await waitForStatus(mini.pop, "all-sessions-down", ({ problems }) =>
      problems.some(({ word }) => word === "all-sessions-down"),
    );
    const health = await healthz(mini);
    assert.equal(health.status, 503);
    assert.match(health.body, /nobody hears web/);
    for (const session of ["pop4", "pop6"]) await mini.transit.ask(`enable "${session}"`);
    await waitForRoutes(mini);
    await waitForEnd(["session-down", "all-sessions-down"]);
    assert.equal((await healthz(mini)).status, 200);
  });

  test("hear of a prefix without an address here, which is named", async () => {
    const { namespace } = mini.pop;
    await namespace.ip([`address del ${ANYCAST.ipv4.address}/32 dev lo`]);
    const found = await waitForStatus(mini.pop, "address-missing", ({ problems }) =>
      problems.some(({ word }) => word === "address-missing"),
    );
    const { detail } = found.problems.find(({ word }) => word === "address-missing") ?? {};
    assert.match(detail ?? "", /has an address of 192\.0\.2\.0\/24, announced/);
    assert.deepEqual(found.services[0]?.state, "up");
    assert.equal((await healthz(mini)).status, 200);
    await namespace.ip([`address add ${ANYCAST.ipv4.address}/32 dev lo`]);
    await waitForEnd(["address-missing"]);
  });
});

function healthz({ pop }: MiniLab): Promise<{ readonly status: number; readonly body: string }> {
  return waitUntil(
    "an answer",
    () =>
      new Promise((resolve, reject) => {
        const socketPath = join(pop.folder, "run", "agent.sock");
        const asked = request({ socketPath, path: "/healthz" }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => (body += text));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        });
        asked.on("error", reject).end();
      }),
  );
}
