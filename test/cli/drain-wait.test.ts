// `--wait`, and what is said of a stage: the statuses that an agent shows one after the other.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Status } from "../../src/control/protocol.ts";
import { startControlServer } from "../../src/control/server.ts";
import type { RouteStatus, ServiceStatus } from "../../src/core/status.ts";
import { systemTimers } from "../../checks/timers.ts";
import { drain as drainOf } from "../core/fixtures.ts";
import { STATUS } from "../control/fixtures.ts";
import { NOW, run, skippingTimers, type Run } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

const PREFIX = "192.0.2.0/24";
const SENT = { neighbor: "198.51.100.1", at: NOW } as const;
const OTHER = { neighbor: "2001:db8::1", at: NOW } as const;

type Look = Partial<Omit<ServiceStatus, "routes">> & {
  readonly route?: Partial<RouteStatus>;
  readonly echo?: "on";
};

const STAGED: Look = {
  state: "draining",
  withdrawsAt: "2026-01-01T00:01:10.000Z",
  route: { wanted: "announce", variant: "draining", told: "announced", answer: "done" },
};
const WITHDRAWN: Look = {
  state: "drained",
  route: { wanted: "withdraw", variant: undefined, told: "withdrawn", answer: "done" },
};
const ACKNOWLEDGED = "ExaBGP has acknowledged all withdrawals";

/** What a status shows of `dns` at this look. */
function shown(status: Status, { route, echo, ...changes }: Look): Status {
  const services = status.services.map((service) =>
    service.name === "dns"
      ? {
          ...service,
          ...changes,
          routes: service.routes.map((one) => ({ ...one, ...route })),
        }
      : service,
  );
  return { ...status, services, exabgp: { ...status.exabgp, ...(echo && { echo }) } };
}

interface Scene {
  /** One after the other, from when the drain is seen; the last one stays. */
  readonly looks: readonly Look[];
  readonly echo?: "on" | "unknown";
  /** How much time passes before each further look. */
  readonly lookMs?: number;
}

/** Runs a command on `dns` at an agent that shows these looks. */
async function play(
  context: TestContext,
  scene: Scene,
  ...words: string[]
): Promise<Run & { looks: number; ms: number }> {
  const { looks, echo = "unknown", lookMs = 0 } = scene;
  const pop = makePop(context);
  const timers = skippingTimers();
  let seen = 0;
  let ms = 0;
  await startAgent(context, pop, (status) => {
    if (status.drains.length === 0) return status;
    const look = looks[Math.min(seen, looks.length - 1)] ?? {};
    if (seen > 0) {
      timers.skip(lookMs);
      ms += lookMs;
    }
    seen += 1;
    return shown({ ...status, exabgp: { ...status.exabgp, echo } }, look);
  });
  const argv = ["drain", "dns", "--reason=r", ...words, "--config", pop.configPath];
  return { ...(await run(argv, { timers })), looks: seen, ms };
}

describe("a staged drain", () => {
  it("ends with status 0 when the agent shows `draining`, and says what happens next", async (context) => {
    const { status, out, err, looks } = await play(context, { looks: [STAGED] });
    assert.deepEqual([status, err, looks], [0, "", 1]);
    assert.match(
      out,
      /^dns +draining .*\ndns is withdrawn at 2026-01-01 00:01:10\+00:00 \(in 1m\)\nEnds by `anyctl undrain dns`\n$/m,
    );
  });

  it("that lasts longer than the drain is said to be in vain", async (context) => {
    const { status, out } = await play(context, { looks: [STAGED] }, "--for=30s");
    assert.equal(status, 0);
    assert.match(
      out,
      /^dns is not withdrawn at all: the drain ends before its stage does; use --graceful$/m,
    );
    const longer = await play(context, { looks: [STAGED] }, "--for=2m");
    assert.match(longer.out, /^dns is withdrawn at/m);
  });

  it("is shown when ExaBGP has answered, without waiting long for that", async (context) => {
    const asked = { ...STAGED, route: { ...STAGED.route, answer: "pending" } } as const;
    const answered = await play(context, { looks: [asked, STAGED] });
    assert.deepEqual([answered.status, answered.looks], [0, 2]);
    const unanswered = await play(context, { looks: [asked], lookMs: 2000 });
    assert.deepEqual([unanswered.status, unanswered.err], [0, ""]);
    assert.match(unanswered.out, /announced \(pending\)\ndns is withdrawn at/);
  });

  it("with --wait ends when the stage is over, however long it is", async (context) => {
    const scene = { looks: [STAGED, STAGED, STAGED, STAGED, STAGED, WITHDRAWN], lookMs: 14_000 };
    const { status, out, looks, ms } = await play(context, scene, "--wait");
    assert.deepEqual([status, looks], [0, 7]);
    assert.ok(ms >= 70_000, "longer than the stage that the first look promised");
    assert.match(
      out,
      new RegExp(`^${ACKNOWLEDGED}; it has not told what it sends to neighbors$`, "m"),
    );
  });

  it("with --wait gives up ten seconds after the stage should be over", async (context) => {
    const stuck = { ...STAGED, withdrawsAt: "2026-01-01T00:00:05.000Z" };
    const scene = { looks: [STAGED, stuck], lookMs: 20_000 };
    const { status, out, err, ms } = await play(context, scene, "--wait");
    assert.equal(status, 4);
    assert.ok(ms >= 70_000 && ms <= 100_000, `after ${ms} ms`);
    assert.equal(
      err,
      "anyctl: The drain stands, but dns is still draining until 2026-01-01 00:00:05+00:00: it may still be announced; the agent goes on trying, see `anyctl status`\n",
    );
    assert.doesNotMatch(out, /^Ends/m);
  });

  it("with --wait --timeout gives up then", async (context) => {
    const scene = { looks: [STAGED], lookMs: 2000 };
    const { status, ms } = await play(context, scene, "--wait", "--timeout=5s");
    assert.equal(status, 4);
    assert.ok(ms >= 4000 && ms <= 8000, `after ${ms} ms`);
  });
});

describe("drain --wait", () => {
  const pending = { ...WITHDRAWN, route: { ...WITHDRAWN.route, answer: "pending" } } as const;
  const failed = { ...WITHDRAWN, route: { ...WITHDRAWN.route, answer: "failed" } } as const;
  const told = (...sent: RouteStatus["sent"]) => ({
    ...WITHDRAWN,
    route: { ...WITHDRAWN.route, sent },
  });
  const announced = told({ ...SENT, action: "announce" }, { ...OTHER, action: "announce" });
  const half = told({ ...SENT, action: "withdraw" }, { ...OTHER, action: "announce" });
  const sent = told({ ...SENT, action: "withdraw" }, { ...OTHER, action: "withdraw" });

  const done: readonly { name: string; scene: Scene; proof: string; looks: number }[] = [
    {
      name: "when ExaBGP has answered",
      scene: { looks: [pending, pending, WITHDRAWN], lookMs: 300 },
      proof: `${ACKNOWLEDGED}; it has not told what it sends to neighbors`,
      looks: 4,
    },
    {
      name: "when a refused withdrawal was repeated",
      scene: { looks: [failed, pending, WITHDRAWN], lookMs: 300 },
      proof: `${ACKNOWLEDGED}; it has not told what it sends to neighbors`,
      looks: 4,
    },
    {
      name: "when every neighbor that had it was sent it",
      scene: { looks: [announced, half, sent], echo: "on" },
      proof: `${ACKNOWLEDGED}, and has sent them to 198.51.100.1, 2001:db8::1`,
      looks: 3,
    },
    {
      name: "when they were, and the first UPDATE was heard late",
      scene: { looks: [WITHDRAWN, { ...half, echo: "on" }, { ...sent, echo: "on" }], lookMs: 20 },
      proof: `${ACKNOWLEDGED}, and has sent them to 198.51.100.1, 2001:db8::1`,
      looks: 3,
    },
    {
      name: "when nobody had it",
      scene: { looks: [WITHDRAWN], echo: "on" },
      proof: `${ACKNOWLEDGED}; no neighbor had to be told`,
      looks: 1,
    },
    {
      name: "by the answer alone where an old echo is all there is",
      scene: { looks: [announced], lookMs: 300 },
      proof: `${ACKNOWLEDGED}; it has not told what it sends to neighbors`,
      looks: 2,
    },
  ];
  for (const { name, scene, proof, looks } of done) {
    it(`ends with status 0 ${name}`, async (context) => {
      const played = await play(context, scene, "--wait");
      assert.deepEqual([played.status, played.err, played.looks], [0, "", looks]);
      assert.ok(played.out.includes(`\n${proof}\nEnds by `), played.out);
    });
  }

  const open: readonly { name: string; scene: Scene; clause: string }[] = [
    {
      name: "ExaBGP has not answered",
      scene: { looks: [pending] },
      clause: `ExaBGP has not answered the withdrawal of ${PREFIX} in time`,
    },
    {
      name: "ExaBGP refuses",
      scene: { looks: [failed] },
      clause: `ExaBGP did not accept the withdrawal of ${PREFIX}`,
    },
    {
      name: "a neighbor was not told",
      scene: { looks: [half], echo: "on" },
      clause: `no UPDATE with the withdrawal of ${PREFIX} was seen to go to 2001:db8::1`,
    },
  ];
  for (const { name, scene, clause } of open) {
    it(`ends with status 4 when ${name}`, async (context) => {
      const { status, err } = await play(context, { ...scene, lookMs: 5000 }, "--wait");
      assert.equal(status, 4);
      assert.ok(err.startsWith(`anyctl: The drain stands, but ${clause}: it may still be`), err);
    });
  }

  it("does not wait for neighbors without being asked to", async (context) => {
    const { status, looks } = await play(context, { looks: [announced], echo: "on" });
    assert.deepEqual([status, looks], [0, 1]);
  });

  it("ends with status 1 when somebody ends the drain meanwhile", async (context) => {
    const pop = makePop(context);
    let looks = 0;
    await startAgent(context, pop, (status) => {
      if (status.drains.length > 0) looks += 1;
      if (looks === 2) rmSync(join(pop.drains, "dns"), { force: true });
      return status.drains.length > 0 ? shown(status, STAGED) : status;
    });
    const argv = ["drain", "dns", "--reason=r", "--wait", "--config", pop.configPath];
    const { status, err } = await run(argv);
    assert.equal(status, 1);
    assert.equal(
      err,
      "anyctl: The drain was ended or replaced before all was withdrawn, so its prefixes may still be announced; see `anyctl status`\n",
    );
  });
});

describe("drain --wait while the agent is started again", () => {
  /** A bare agent: it sees nothing and shows what it is told to. */
  async function serve({ socketPath }: Pop, status: () => Status) {
    return startControlServer({
      socketPath,
      status,
      healthz: () => ({ ok: true, detail: "" }),
      problem: () => {},
      timers: systemTimers,
    });
  }

  function drainedStatus(look: Look): Status {
    const order = drainOf({ service: "dns", since: NOW });
    return shown({ ...STATUS, drains: [order] }, look);
  }

  it("goes on with the new one", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    let restarts: Promise<unknown> | undefined;
    const first = await serve(pop, () => {
      restarts ??= restart();
      return drainedStatus(STAGED);
    });
    async function restart() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await first.close();
      const second = await serve(pop, () => drainedStatus(WITHDRAWN));
      context.after(() => second.close());
    }
    const argv = ["drain", "dns", "--reason=r", "--wait", "--config", pop.configPath];
    const { status, err } = await run(argv);
    await restarts;
    assert.deepEqual([status, err], [0, ""]);
  });

  for (const { words, leastMs } of [
    { words: ["--wait"], leastMs: 5000 },
    { words: [], leastMs: 0 },
  ]) {
    it(`ends with status 3 if none comes${leastMs > 0 ? ", after 5 s" : ""}`, async (context) => {
      const pop = makePop(context);
      mkdirSync(pop.drains);
      writeFileSync(join(pop.drains, ".x"), "");
      let closes: Promise<unknown> | undefined;
      const only = await serve(pop, () => {
        closes ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => only.close());
        return STATUS;
      });
      let nowMs = 0;
      const timers = {
        nowMs: () => nowMs,
        // Pauses are over at once; the 2 s for an answer are not needed.
        after: (delayMs: number, then: () => void) => {
          if (delayMs >= 2000) return systemTimers.after(delayMs, then);
          nowMs += delayMs;
          return systemTimers.after(0, then);
        },
      };
      const argv = ["drain", "dns", "--reason=r", ...words, "--config", pop.configPath];
      const { status, err } = await run(argv, { timers });
      await closes;
      assert.equal(status, 3);
      assert.match(err, /^anyctl: The agent does not answer on /);
      assert.ok(nowMs >= leastMs && nowMs <= leastMs + 3000, `after ${nowMs} ms`);
    });
  }
});
