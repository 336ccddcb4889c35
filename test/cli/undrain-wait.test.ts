// `undrain`: drains of other kinds, and `--wait`.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { DrainStatus, Status } from "../../src/control/protocol.ts";
import type { RouteStatus, ServiceStatus } from "../../src/core/status.ts";
import { NOW, run, skippingTimers, UID } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

const WINDOW: DrainStatus = {
  service: "dns",
  kind: "window",
  reason: "weekly\nkernel window",
  by: "schedule",
  since: NOW,
  until: "2026-01-01T00:30:00.000Z",
  problem: undefined,
  gracefulMs: undefined,
  transient: false,
};
const BY_WINDOW =
  'dns is drained all the same by a maintenance window until 2026-01-01 00:30:00+00:00 ("weekly\\nkernel window"); undrain does not end it\n';

describe("undrain", () => {
  it("ends a transient drain, and both where both stand", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    for (const words of [[], ["--transient"]]) {
      await run(["drain", "--all", "--reason=r", ...words, ...config]);
      await run(["drain", "dns", "--reason=r", "--transient", ...config]);
    }
    const all = await run(["undrain", "--all", ...config]);
    assert.deepEqual([all.status, all.err], [0, ""]);
    assert.match(all.out, /^The PoP as a whole is to be undrained\n/);
    assert.match(
      all.out,
      /^dns is drained all the same by uid:.* \("r"\); see `anyctl undrain dns`$/m,
    );
    assert.deepEqual([readdirSync(pop.drains), readdirSync(pop.transient)], [[], ["dns"]]);
    const one = await run(["undrain", "dns", ...config]);
    assert.deepEqual([one.status, one.err], [0, ""]);
    assert.match(one.out, /^dns +up/m);
    assert.deepEqual([readdirSync(pop.drains), readdirSync(pop.transient)], [[], []]);
  });

  it("says that the whole PoP is drained transiently", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const config = ["--config", pop.configPath];
    await run(["drain", "--all", "--reason=r", "--transient", ...config]);
    const { status, out } = await run(["undrain", "dns", ...config]);
    assert.equal(status, 0);
    assert.equal(
      out,
      "dns was not drained\nThe whole PoP is drained all the same; see `anyctl undrain --all`\n",
    );
  });

  it("says what a maintenance window keeps out, whether there was another drain or not", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, (status) => ({ ...status, drains: [...status.drains, WINDOW] }));
    const config = ["--config", pop.configPath];
    const none = await run(["undrain", "dns", ...config]);
    assert.deepEqual(none, { status: 0, out: `dns was not drained\n${BY_WINDOW}`, err: "" });
    await run(["drain", "dns", "--reason=r", ...config]);
    const one = await run(["undrain", "dns", ...config]);
    assert.deepEqual([one.status, one.err], [0, ""]);
    assert.ok(one.out.endsWith(`\n${BY_WINDOW}`), one.out);
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  it("says what must happen next", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    writeFileSync(join(pop.drains, "dns"), "");
    await startAgent(context, pop, (status) => ({
      ...status,
      services: status.services.map((service) => ({ ...service, state: "starting" as const })),
    }));
    const { status, out } = await run(["undrain", "dns", "--config", pop.configPath]);
    assert.equal(status, 0);
    assert.match(out, /\nThe checks must pass before it is announced; --wait waits for that\n$/);
  });

  it("says whose drain it ends, unless it is one's own", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    const argv = ["undrain", "dns", "--config", pop.configPath];
    for (const [env, says] of [
      [{ SUDO_USER: "ann" }, ""],
      [{ SUDO_USER: "ben" }, `This ends the drain by uid:${UID}`],
    ] as const) {
      writeFileSync(
        join(pop.drains, "dns"),
        JSON.stringify({ reason: "a\u001bb", by: "uid:0, sudo by ann" }),
      );
      const { out } = await run(argv, { env });
      assert.equal(out.startsWith(says === "" ? "dns is to be" : says), true, out);
      if (says !== "") assert.match(out, /, sudo by ann \("a\\x1bb"\)\ndns is to be undrained\n$/);
    }
  });
});

type Look = Partial<Omit<ServiceStatus, "routes">> & { readonly route?: Partial<RouteStatus> };

interface Scene {
  /** What is shown of `dns` once it is not drained, one after the other; the last one stays. */
  readonly looks: readonly Look[];
  readonly echo?: "on";
  readonly drains?: readonly DrainStatus[];
}

/** Undrains `names` of a PoP where dns is drained; a status after the first moves the time on by 20 s. */
async function play(context: TestContext, scene: Scene, ...names: string[]) {
  const pop = makePop(context);
  const timers = skippingTimers();
  mkdirSync(pop.drains, { recursive: true });
  writeFileSync(join(pop.drains, "dns"), "");
  let seen = 0;
  await startAgent(context, pop, (status: Status) => {
    if (status.drains.length > 0) return status;
    const look = scene.looks[Math.min(seen, scene.looks.length - 1)] ?? {};
    if (seen > 0) timers.skip(20_000);
    seen += 1;
    const { route, ...changes } = look;
    const services = status.services.map((service) =>
      service.name === "dns"
        ? { ...service, ...changes, routes: service.routes.map((one) => ({ ...one, ...route })) }
        : service,
    );
    const exabgp = { ...status.exabgp, ...(scene.echo && { echo: scene.echo }) };
    return { ...status, exabgp, services, drains: scene.drains ?? [] };
  });
  const argv = ["undrain", ...names, "--wait", "--config", pop.configPath];
  const ended = await run(argv, { timers });
  return { ...ended, seen };
}

describe("undrain --wait", () => {
  const STARTING: Look = {
    state: "starting",
    reason: "check-unknown",
    route: { wanted: "leave", variant: undefined, told: "withdrawn" },
  };
  const PENDING: Look = { route: { answer: "pending" } };
  const sent = (action: "announce" | "withdraw"): Look => ({
    route: { sent: [{ neighbor: "198.51.100.1", action, at: NOW }] },
  });

  it("ends when the prefixes are announced, and acknowledged", async (context) => {
    const { status, out, err, seen } = await play(
      context,
      { looks: [STARTING, PENDING, {}] },
      "dns",
    );
    assert.deepEqual([status, err, seen], [0, "", 3]);
    assert.match(
      out,
      /^dns +up .* announced \(done\)\nExaBGP has acknowledged all announcements\n$/m,
    );
  });

  it("ends when the neighbors were sent them, where that is heard", async (context) => {
    const scene = { looks: [sent("withdraw"), sent("announce")], echo: "on" } as const;
    const { status, out, seen } = await play(context, scene, "dns");
    assert.deepEqual([status, seen], [0, 2]);
    assert.match(
      out,
      /\nExaBGP has acknowledged all announcements, and has sent them to 198.51.100.1\n$/,
    );
  });

  it("also waits for what was not drained", async (context) => {
    const { status, out, seen } = await play(context, { looks: [STARTING, {}] }, "dns", "web");
    assert.deepEqual([status, seen], [0, 2]);
    assert.match(out, /^web was not drained$/m);
    assert.match(out, /^web +up/m);
  });

  const [check] = [
    {
      name: "resolver",
      type: "tcp",
      advisory: false,
      weight: 1,
      verdict: "down",
      since: NOW,
      streak: "",
      last: { outcome: "fail", reason: "refused", detail: "\u001b[2J", at: NOW, elapsedMs: 1 },
    } as const,
  ];
  const open = [
    {
      name: "its checks fail",
      look: {
        state: "down",
        reason: "check-down",
        checks: [check],
        route: { wanted: "withdraw", variant: undefined, told: "withdrawn" },
      } as const,
      clause: "dns is down (check-down): resolver refused, \\x1b[2J",
    },
    { name: "nobody knows yet", look: STARTING, clause: "dns is starting (check-unknown)" },
    {
      name: "ExaBGP has not answered",
      look: PENDING,
      clause: "ExaBGP has not answered the announcement of 192.0.2.0/24 in time",
    },
    {
      name: "ExaBGP refuses",
      look: { route: { answer: "failed" } } as const,
      clause: "ExaBGP did not accept the announcement of 192.0.2.0/24",
    },
    {
      name: "another service keeps its prefix back",
      look: { route: { wanted: "withdraw", variant: undefined, told: "withdrawn" } } as const,
      clause: "another service keeps 192.0.2.0/24 back",
    },
    {
      name: "another service takes leave with its prefix",
      look: { route: { variant: "draining" } } as const,
      clause: "another service keeps 192.0.2.0/24 back",
    },
    {
      name: "a neighbor was not told",
      look: sent("withdraw"),
      echo: "on" as const,
      clause: "no UPDATE with the announcement of 192.0.2.0/24 was seen to go to 198.51.100.1",
    },
  ];
  for (const { name, look, clause, ...rest } of open) {
    it(`ends with status 4 and why if ${name}`, async (context) => {
      const { status, out, err, seen } = await play(context, { looks: [look], ...rest }, "dns");
      assert.equal(status, 4);
      assert.ok(err.startsWith(`anyctl: Not all is announced: ${clause}`), err);
      assert.ok(seen >= 4, "after a minute");
      assert.ok(!(out + err).includes("\u001b"));
    });
  }

  it("does not wait for what another drain keeps out, and ends with status 1", async (context) => {
    const drains = [WINDOW];
    const { status, out, err, seen } = await play(context, { looks: [STARTING], drains }, "dns");
    assert.deepEqual([status, seen], [1, 1]);
    assert.equal(err, "anyctl: Not all is announced: other drains keep dns out\n");
    assert.ok(out.endsWith(BY_WINDOW), out);
  });

  it("without an agent ends with status 3 at once", async (context) => {
    const pop = makePop(context);
    const { status, out } = await run(["undrain", "dns", "--wait", "--config", pop.configPath]);
    assert.deepEqual([status, out], [3, "dns was not drained\n"]);
  });
});
