import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Echo } from "../../src/daemon/echo.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";
import { manualClock } from "./fixtures.ts";

const NEIGHBOR = "198.51.100.1";
const OTHER = "2001:db8::1";

function update(
  neighbor: string,
  announced: readonly string[],
  withdrawn: readonly string[] = [],
  direction: "send" | "receive" = "send",
) {
  return {
    neighbor,
    direction,
    announced: announced.map((prefix) => ({ prefix, nextHop: "" })),
    withdrawn,
    attributes: {},
  };
}

describe("the echo of UPDATEs", () => {
  it("is kept per prefix and neighbor, the last one of each", () => {
    const clock = manualClock();
    const echo = new Echo(clock, () => true);
    assert.equal(echo.state, "unknown");
    echo.update(update(NEIGHBOR, ["192.0.2.0/24", "2001:db8::/48"]));
    clock.advance(1000);
    echo.update(update(OTHER, ["192.0.2.0/24"]));
    echo.update(update(NEIGHBOR, [], ["192.0.2.0/24"]));
    assert.equal(echo.state, "on");
    assert.deepEqual(
      [...echo.byPrefix()],
      [
        [
          "192.0.2.0/24",
          [
            { neighbor: OTHER, action: "announce", at: "2026-01-01T00:00:01.000Z" },
            { neighbor: NEIGHBOR, action: "withdraw", at: "2026-01-01T00:00:01.000Z" },
          ],
        ],
        [
          "2001:db8::/48",
          [{ neighbor: NEIGHBOR, action: "announce", at: "2026-01-01T00:00:00.000Z" }],
        ],
      ],
    );
  });

  it("once told stays as it was told", () => {
    const echo = new Echo(manualClock(), () => true);
    echo.update(update(NEIGHBOR, ["192.0.2.0/24"]));
    const told = echo.byPrefix();
    echo.update(update(NEIGHBOR, ["2001:db8::/48"], ["192.0.2.0/24"]));
    echo.session({ neighbor: NEIGHBOR, state: "down", reason: "" });
    assert.deepEqual(
      [...told].map(([prefix, [sent]]) => [prefix, sent?.action]),
      [["192.0.2.0/24", "announce"]],
    );
    assert.equal(echo.byPrefix().size, 0);
  });

  it("leaves out what was received and what is not ours", () => {
    const echo = new Echo(manualClock(), (prefix) => prefix !== "203.0.113.0/24");
    echo.update(update(NEIGHBOR, ["192.0.2.0/24"], [], "receive"));
    assert.equal(echo.state, "unknown");
    echo.update(update(NEIGHBOR, ["203.0.113.0/24"]));
    assert.equal(echo.state, "on");
    assert.equal(echo.byPrefix().size, 0);
  });

  it("is void for a neighbor whose session went down", () => {
    const echo = new Echo(manualClock(), () => true);
    echo.update(update(NEIGHBOR, ["192.0.2.0/24"]));
    echo.update(update(OTHER, ["192.0.2.0/24"]));
    echo.session({ neighbor: NEIGHBOR, state: "down", reason: "" });
    echo.session({ neighbor: OTHER, state: "up", reason: "" });
    assert.deepEqual(
      echo
        .byPrefix()
        .get("192.0.2.0/24")
        ?.map(({ neighbor }) => neighbor),
      [OTHER],
    );
  });

  it("has a bound: the oldest is forgotten", () => {
    const echo = new Echo(manualClock(), () => true);
    for (let nth = 0; nth <= 100_000; nth += 1) echo.update(update(NEIGHBOR, [String(nth)]));
    assert.equal(echo.byPrefix().size, 100_000);
    assert.equal(echo.byPrefix().has("0"), false);
    assert.equal(echo.byPrefix().has("50000"), true);
  });

  it("is in the status of the agent, which keeps its monotonic times to itself", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    const before = await exabgp.waitForStatus("the status", () => true);
    assert.equal(before.exabgp.echo, "unknown");
    assert.deepEqual(before.services[0]?.routes[0]?.sent, []);
    const message = { update: { withdraw: { "ipv4 unicast": [{ nlri: "192.0.2.0/24" }] } } };
    const neighbor = {
      address: { local: "198.51.100.2", peer: NEIGHBOR },
      direction: "send",
      message,
    };
    exabgp.child.stdin.write(`${JSON.stringify({ exabgp: "4.0.1", type: "update", neighbor })}\n`);
    site.drain("web", JSON.stringify({ reason: "CHG-1" }));
    const after = await exabgp.waitForStatus(
      "the echo and the drain",
      ({ services, drains }) => services[0]?.routes[0]?.sent.length === 1 && drains.length === 1,
    );
    const [sent] = after.services[0]?.routes[0]?.sent ?? [];
    assert.deepEqual([sent?.neighbor, sent?.action], [NEIGHBOR, "withdraw"]);
    assert.equal(after.exabgp.echo, "on");
    assert.deepEqual(after.pins, []);
    const [drain] = after.drains;
    assert.deepEqual([drain?.kind, drain?.transient, drain?.reason], ["operator", false, "CHG-1"]);
    assert.ok(drain !== undefined && !("startedMs" in drain) && !("endsAtMs" in drain));
  });
});
