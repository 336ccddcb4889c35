// `undrain --clear-hold`
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Status } from "../../src/control/protocol.ts";
import type { Undrain } from "../../src/core/inputs.ts";
import { NOW, run, skippingTimers, UID } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

/** An agent that holds `name` until it is told to forget why; `obeys` when it does. */
async function startHolding(
  context: TestContext,
  pop: Pop,
  name: string,
  obeys = true,
): Promise<Undrain[]> {
  const undrains: Undrain[] = [];
  const hold = (status: Status): Status => ({
    ...status,
    services: status.services.map((service) => {
      const isCleared = undrains.some(
        (one) => one.clearsHold && ["_all", name].includes(one.service),
      );
      if (service.name !== name || (isCleared && obeys) || service.state === "drained")
        return service;
      const routes = service.routes.map(
        (route) => ({ ...route, wanted: "withdraw", told: "withdrawn" }) as const,
      );
      const held = { state: "held", reason: "flapping" } as const;
      return { ...service, ...held, heldUntil: "2026-01-01T00:25:00.000Z", withdrawals: 3, routes };
    }),
  });
  await startAgent(context, pop, hold, undefined, (one) => undrains.push(one));
  return undrains;
}

describe("undrain --clear-hold", () => {
  it("ends the hold of what is not drained, by an order that the agent takes away", async (context) => {
    const pop = makePop(context);
    const undrains = await startHolding(context, pop, "dns");
    const words = ["undrain", "dns", "--clear-hold", "--reason", "cable replaced"];
    const { status, out, err } = await run([...words, "--config", pop.configPath]);
    assert.deepEqual([status, err], [0, ""]);
    assert.equal(
      out,
      `The withdrawals of dns are to be forgotten
SERVICE  STATE  REASON         ROUTES
dns      up     all-checks-up  192.0.2.0/24 announced (done)
`,
    );
    assert.deepEqual(readdirSync(pop.drains), []);
    assert.equal(undrains.length, 1);
    const [undrain] = undrains;
    assert.deepEqual([undrain?.clearsHold, undrain?.reason], [true, "cable replaced"]);
    assert.match(undrain?.by ?? "", new RegExp(`^uid:${process.getuid?.()}`));
  });

  it("ends a drain and the hold behind it by one order", async (context) => {
    const pop = makePop(context);
    const undrains = await startHolding(context, pop, "dns");
    const config = ["--config", pop.configPath];
    await run(["drain", "dns", "--reason", "r", ...config]);
    const { status, out } = await run(["undrain", "dns", "--clear-hold", ...config]);
    assert.equal(status, 0);
    assert.match(out, /^dns is to be undrained\n/);
    assert.match(out, /^dns +up/m);
    assert.deepEqual(
      undrains.map(({ clearsHold }) => clearsHold),
      [true],
    );
  });

  it("without it leaves the hold", async (context) => {
    const pop = makePop(context);
    const undrains = await startHolding(context, pop, "dns");
    const { status, out } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.deepEqual([status, out, undrains], [0, "dns was not drained\n", []]);
  });

  it("of what is neither drained nor held is done already, and writes nothing", async (context) => {
    const pop = makePop(context);
    const undrains = await startHolding(context, pop, "dns");
    const { status, out } = await run([
      "undrain",
      "web",
      "--clear-hold",
      "--config",
      pop.configPath,
    ]);
    assert.deepEqual([status, out, undrains], [0, "web was neither drained nor held\n", []]);
  });

  it("--all ends every hold", async (context) => {
    const pop = makePop(context);
    await startHolding(context, pop, "web");
    const config = ["--config", pop.configPath];
    const { status, out } = await run(["undrain", "--all", "--clear-hold", "--wait", ...config]);
    assert.equal(status, 0);
    assert.match(out, /^All withdrawals are to be forgotten\n/);
    assert.match(out, /^web +up/m);
    assert.match(out, /^ExaBGP has acknowledged all announcements$/m);
  });

  it("that the agent does not obey ends with status 4", async (context) => {
    const pop = makePop(context);
    await startHolding(context, pop, "dns", false);
    const { status, err } = await run(
      ["undrain", "dns", "--clear-hold", "--config", pop.configPath],
      { timers: skippingTimers() },
    );
    assert.equal(status, 4);
    assert.match(err, /the agent still shows the hold after 2 s, so it may go on/);
  });

  it("without an agent leaves the order to the next one, with status 3", async (context) => {
    const pop = makePop(context);
    const config = ["--config", pop.configPath];
    const { status, out, err } = await run(["undrain", "dns", "--clear-hold", ...config]);
    assert.equal(status, 3);
    assert.equal(out, "The withdrawals of dns are to be forgotten\n");
    assert.match(err, /; the hold ends as soon as an agent runs\n$/);
    assert.deepEqual(JSON.parse(readFileSync(join(pop.drains, "dns"), "utf8")), {
      undrain: true,
      clearHold: true,
      reason: "",
      by: `uid:${UID}`,
      since: NOW,
    });
  });

  it("of a service that there is not is refused, before anything is done", async (context) => {
    const pop = makePop(context);
    await startHolding(context, pop, "dns");
    const { status, err } = await run([
      "undrain",
      "dsn",
      "--clear-hold",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 1);
    assert.match(err, /There is no service dsn/);
    assert.ok(!existsSync(join(pop.drains, "dsn")));
  });

  it("can be typed as docs/hold.md says", async (context) => {
    const pop = makePop(context);
    await startHolding(context, pop, "web");
    const file = new URL("../../../docs/hold.md", import.meta.url);
    const lines = readFileSync(file, "utf8").match(/^anyctl .+$/gm) ?? [];
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare,
      );
      const argv = words.slice(1).map((word) => word ?? "");
      const { status, err } = await run([...argv, "--config", pop.configPath]);
      assert.deepEqual([status, err], [0, ""], line);
    }
  });

  it("--wait without it says until when the service is held", async (context) => {
    const pop = makePop(context);
    await startHolding(context, pop, "dns");
    mkdirSync(pop.drains, { recursive: true });
    writeFileSync(join(pop.drains, "web"), "");
    const { status, err } = await run(
      ["undrain", "dns", "web", "--wait", "--timeout", "1s", "--config", pop.configPath],
      { timers: skippingTimers() },
    );
    assert.equal(status, 4);
    assert.match(err, /dns is held \(flapping\) until 2026-01-01 00:25:00\+00:00/);
  });
});
