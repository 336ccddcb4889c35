import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Status } from "../../src/control/protocol.ts";
import type { RouteStatus } from "../../src/core/status.ts";
import { NOW, run, skippingTimers, UID } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

const PIN = ["pin", "dns", "--reason=INC-77", "--for=1h"];

/** An agent that pins what is pinned and not drained. */
function obeying(route: Partial<RouteStatus> = {}, look: () => void = () => {}) {
  return (status: Status): Status => {
    if (status.pins.length > 0) look();
    const services = status.services.map((service) =>
      status.pins.some((one) => one.service === service.name) && service.state !== "drained"
        ? {
            ...service,
            state: "pinned" as const,
            reason: "pinned" as const,
            routes: service.routes.map((one) => ({ ...one, ...route })),
          }
        : service,
    );
    return { ...status, services };
  };
}

function pin(pop: Pop, ...more: string[]) {
  return run([...PIN, ...more, "--config", pop.configPath]);
}

async function pinned(context: TestContext): Promise<Pop> {
  const pop = makePop(context);
  await startAgent(context, pop, obeying());
  assert.equal((await pin(pop)).status, 0);
  return pop;
}

describe("pin", () => {
  it("is seen by the agent, and the new state and its end are printed", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, obeying());
    const { status, out, err } = await pin(pop);
    assert.deepEqual([status, err], [0, ""]);
    assert.equal(
      out,
      `The pin stands: ${pop.pins}/dns
SERVICE  STATE   REASON  ROUTES
dns      pinned  pinned  192.0.2.0/24 announced (done)
Ends by \`anyctl unpin dns\`, or by itself at 2026-01-01 01:00:10+00:00 (in 1h)
`,
    );
    assert.deepEqual(JSON.parse(readFileSync(join(pop.pins, "dns"), "utf8")), {
      reason: "INC-77",
      by: `uid:${UID}`,
      since: NOW,
      until: "2026-01-01T01:00:10.000Z",
    });
    assert.deepEqual(readdirSync(pop.pins), ["dns"]);
  });

  it("makes the folder as that of the drains is", async (context) => {
    const pop = makePop(context);
    const { status, err } = await pin(pop);
    assert.equal(status, 3);
    assert.match(err, /; the pin stands and is obeyed as soon as an agent runs\n$/);
    assert.equal(statSync(pop.pins).mode & 0o7777, 0o2770);
    assert.equal(statSync(join(pop.pins, "dns")).mode & 0o777, 0o644);
  });

  it("says which drain is stronger", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, obeying());
    await run(["drain", "--all", "--reason=r\n", "--config", pop.configPath]);
    const { status, out } = await pin(pop);
    assert.equal(status, 0);
    assert.match(out, /^dns +drained/m);
    assert.match(
      out,
      /^dns is drained all the same, with the whole PoP, by uid:\S+ \("r\\n"\); see `anyctl undrain --all`$/m,
    );
  });

  const fates = [
    {
      route: { answer: "failed" },
      status: 1,
      why: "ExaBGP did not accept the announcement of 192.0.2.0/24",
    },
    {
      route: { answer: "pending" },
      status: 4,
      why: "ExaBGP has not answered the announcement of 192.0.2.0/24 within 2 s",
    },
  ] as const;
  for (const { route, status, why } of fates) {
    it(`ends with status ${status} if ${why}`, async (context) => {
      const pop = makePop(context);
      const timers = skippingTimers();
      await startAgent(
        context,
        pop,
        obeying(route, () => timers.skip(1000)),
      );
      const ended = await run([...PIN, "--config", pop.configPath], { timers });
      assert.equal(ended.status, status);
      assert.equal(
        ended.err,
        `anyctl: The pin stands, but ${why}; the agent goes on trying, see \`anyctl status\`\n`,
      );
    });
  }

  it("that the agent does not see ends with status 4", async (context) => {
    const pop = makePop(context);
    const timers = skippingTimers();
    await startAgent(context, { ...pop, pins: `${pop.pins}-elsewhere` }, (status) => {
      timers.skip(1000);
      return status;
    });
    const { status, err } = await run([...PIN, "--config", pop.configPath], { timers });
    assert.equal(status, 4);
    assert.equal(
      err,
      `anyctl: The pin stands, but the agent does not show it within 2 s; does its state-dir hold "${pop.pins}"?\n`,
    );
  });

  it("of a service that there is not is refused", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const argv = ["pin", "dsn", "--reason=r", "--for=1h", "--config", pop.configPath];
    const { status, out, err } = await run(argv);
    assert.deepEqual([status, out], [1, ""]);
    assert.equal(err, "anyctl: There is no service dsn; there are: dns, web\n");
    assert.deepEqual(readdirSync(pop.pins), []);
  });

  it("does not shorten another operator's, and replaces one's own", async (context) => {
    const pop = await pinned(context);
    const short = ["pin", "dns", "--reason=r", "--for=30m", "--config", pop.configPath];
    const other = await run(short, { env: { SUDO_USER: "ben" } });
    assert.equal(other.status, 1);
    assert.match(
      other.err,
      /^anyctl: Cannot replace the pin of dns by uid:\S+ \("INC-77"\), which ends 2026-01-01 01:00:10\+00:00, by one that ends before: end it first with `anyctl unpin dns`\n$/,
    );
    assert.equal((await run(short)).status, 0);
  });
});

describe("unpin", () => {
  it("ends a pin: the agent takes the order away", async (context) => {
    const pop = await pinned(context);
    const argv = ["unpin", "dns", "--reason=mended", "--config", pop.configPath];
    const { status, out, err } = await run(argv);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /^dns is to be unpinned\n/);
    assert.match(out, /^dns +up/m);
    assert.deepEqual(readdirSync(pop.pins), []);
  });

  it("of what is not pinned is done already", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    const ended = await run(["unpin", "dns", ...config]);
    assert.deepEqual(ended, { status: 0, out: "dns was not pinned\n", err: "" });
    const unknown = await run(["unpin", "dsn", ...config]);
    assert.equal(unknown.status, 1);
    assert.equal(unknown.err, "anyctl: There is no service dsn; there are: dns, web\n");
  });

  it("without an agent leaves the order to the next one, with status 3", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.pins);
    writeFileSync(join(pop.pins, "dns"), "{}");
    const { status, err } = await run(["unpin", "dns", "--config", pop.configPath]);
    assert.equal(status, 3);
    assert.match(err, /; the pin ends as soon as an agent runs\n$/);
    assert.deepEqual(JSON.parse(readFileSync(join(pop.pins, "dns"), "utf8")), {
      unpin: true,
      reason: "",
      by: `uid:${UID}`,
      since: NOW,
    });
  });

  it("that the agent does not see ends with status 4", async (context) => {
    const pop = await pinned(context);
    const text = readFileSync(pop.configPath, "utf8");
    const elsewhere = join(pop.stateDir, "../elsewhere");
    mkdirSync(join(elsewhere, "pins"), { recursive: true });
    writeFileSync(join(elsewhere, "pins", "dns"), "{}");
    writeFileSync(pop.configPath, text.replace(pop.stateDir, elsewhere));
    const { status, err } = await run(["unpin", "dns", "--config", pop.configPath]);
    assert.equal(status, 4);
    assert.match(
      err,
      /^anyctl: The order to unpin stands, but the agent still shows the pin after 2 s/,
    );
  });
});
