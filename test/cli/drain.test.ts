import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { RouteStatus } from "../../src/core/status.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import { OrderEntries } from "../../src/daemon/order-entries.ts";
import { STATUS } from "../control/fixtures.ts";
import { NOW, run, skippingTimers, UID } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

function read({ drains }: Pop, name: string): unknown {
  return JSON.parse(readFileSync(join(drains, name), "utf8"));
}

describe("drain", () => {
  it("of a service is seen by the agent, and the new state is printed", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const argv = [
      "drain",
      "dns",
      "--reason",
      "kernel upgrade, CHG-1234",
      "--config",
      pop.configPath,
    ];
    const { status, out, err } = await run(argv);
    assert.equal(err, "");
    assert.equal(status, 0);
    assert.equal(
      out,
      `The drain stands: ${pop.drains}/dns
SERVICE  STATE    REASON          ROUTES
dns      drained  operator-drain  192.0.2.0/24 withdrawn (done)
Ends by \`anyctl undrain dns\`
`,
    );
    assert.deepEqual(read(pop, "dns"), {
      reason: "kernel upgrade, CHG-1234",
      by: `uid:${UID}`,
      since: NOW,
    });
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
    assert.equal(statSync(join(pop.drains, "dns")).mode & 0o777, 0o644);
  });

  it("of the whole PoP is the file _all", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const argv = ["drain", "--all", "--reason", "racks", "--config", pop.configPath];
    const { status, out } = await run(argv);
    assert.equal(status, 0);
    assert.match(out, /^dns +drained/m);
    assert.match(out, /^web +drained/m);
    assert.deepEqual(readdirSync(pop.drains), ["_all"]);
  });

  it("names several services, each once, and words of the command line as services", async (context) => {
    const services = ["drain", "help", "status"].map(
      (name, nth) =>
        `  ${name}: { scope: local, prefixes: [192.0.2.${nth}/32], checks: { port: { type: tcp, host: "::1", port: 9 } } }\n`,
    );
    const pop = makePop(context, `services:\n${services.join("")}`);
    const words = ["drain", "status", "help", "drain"];
    const { status } = await run(["drain", ...words, "--reason=r", "--config", pop.configPath]);
    assert.equal(status, 3);
    assert.deepEqual(readdirSync(pop.drains), ["drain", "help", "status"]);
  });

  it("takes any text of up to 1 KiB as reason, and the agent reads it so", async (context) => {
    const pop = makePop(context);
    const reasons = [
      "two\nlines",
      'a"quote\\',
      "\u001b[31mred",
      "café 🚧 ‮",
      "x".repeat(1024),
      "é".repeat(512),
      "--all",
    ];
    for (const reason of reasons) {
      await run(["drain", "dns", `--reason=${reason}`, "--config", pop.configPath]);
      const entries = new OrderEntries({
        folder: pop.drains,
        format: drainFormat(false),
        clock: systemClock,
        assertSameFolder: () => Promise.resolve(),
      });
      await entries.look("dns");
      const [drain] = entries.take()?.orders ?? [];
      assert.equal(drain?.reason, reason);
      assert.equal(drain.since, NOW);
      assert.equal(drain.problem, undefined);
    }
  });

  it("replaces a drain that stands", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    for (const reason of ["one", "two"]) {
      const { status } = await run([
        "drain",
        "dns",
        "--reason",
        reason,
        "--config",
        pop.configPath,
      ]);
      assert.equal(status, 0);
    }
    assert.equal(Object(read(pop, "dns")).reason, "two");
  });

  it("is readable for the agent whatever the umask is", async (context) => {
    const pop = makePop(context);
    const before = process.umask(0o077);
    context.after(() => process.umask(before));
    await run(["drain", "dns", "--reason", "r", "--config", pop.configPath]);
    assert.equal(statSync(join(pop.drains, "dns")).mode & 0o777, 0o644);
    assert.equal(statSync(pop.drains).mode & 0o7777, 0o2770);
  });

  it("notes who says to have done it", async (context) => {
    const pop = makePop(context);
    const worlds = [
      { env: { USER: "root", SUDO_USER: "ann" }, uid: 0, by: "uid:0(root), sudo by ann" },
      { env: { LOGNAME: "bob" }, uid: 7, by: "uid:7(bob)" },
      { env: { USER: "a\nb", SUDO_USER: "x".repeat(65) }, uid: 7, by: "uid:7" },
    ];
    for (const { by, ...world } of worlds) {
      await run(["drain", "dns", "--reason", "r", "--config", pop.configPath], world);
      assert.equal(Object(read(pop, "dns")).by, by);
    }
  });

  it("stands without an agent, and says so with status 3", async (context) => {
    const pop = makePop(context);
    const { status, out, err } = await run([
      "drain",
      "dns",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 3);
    assert.equal(out, `The drain stands: ${pop.drains}/dns\n`);
    assert.equal(
      err,
      `anyctl: The agent does not answer on "${pop.socketPath}": there is no such socket, so no agent runs with this configuration; the drain stands and is obeyed as soon as an agent runs; until then its prefixes may still be announced\n`,
    );
  });

  it("is told by ANYCTL_CONFIG where the PoP is, relative to the current folder", async (context) => {
    const pop = makePop(context);
    const world = { env: { ANYCTL_CONFIG: "anyctl.yaml" }, cwd: () => join(pop.stateDir, "..") };
    assert.equal((await run(["drain", "dns", "--reason", "r"], world)).status, 3);
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  it("of a service that the agent does not know is refused", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const argv = ["drain", "dns", "dsn", "--reason", "r", "--config", pop.configPath];
    const { status, out, err } = await run(argv);
    assert.deepEqual([status, out], [1, ""]);
    assert.equal(err, "anyctl: There is no service dsn; there are: dns, web\n");
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  it("of a service that is not configured is refused without an agent too", async (context) => {
    const pop = makePop(context);
    const { status, err } = await run([
      "drain",
      "dsn",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 1);
    assert.equal(err, "anyctl: There is no service dsn; there are: dns, web\n");
    assert.ok(!existsSync(pop.drains));
  });

  it("stands unchecked where neither agent nor configuration can tell the names", async (context) => {
    const pop = makePop(context, "services: [no, map]\n");
    const { status, err } = await run([
      "drain",
      "dsn",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 3);
    assert.match(err, /^anyctl: Nobody could check the name of the service: no agent answers, /);
    assert.deepEqual(readdirSync(pop.drains), ["dsn"]);
  });

  it("stands unchecked where the agent has no configuration", async (context) => {
    const pop = makePop(context);
    const config = { path: "", hash: "", origin: "none", current: false, problems: [] } as const;
    await startAgent(context, pop, { config, services: [] });
    const { status, err } = await run([
      "drain",
      "dsn",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 0);
    assert.match(err, /: the agent has none, and there is no valid configuration\n$/);
  });

  it("that the agent does not see ends with status 4", async (context) => {
    const pop = makePop(context);
    const elsewhere = { ...pop, drains: `${pop.drains}-of-another-pop` };
    await startAgent(context, elsewhere);
    const { status, err } = await run([
      "drain",
      "dns",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 4);
    assert.equal(
      err,
      `anyctl: The drain stands, but the agent does not show it within 2 s, so its prefixes may still be announced; does its state-dir hold "${pop.drains}"?\n`,
    );
  });
});

describe("drain whose withdrawal", () => {
  const table = (rows: string) => `SERVICE  STATE    REASON          ROUTES\n${rows}`;
  const stands = ({ drains }: Pop, name: string) => `The drain stands: ${drains}/${name}\n`;
  const then = ": it may still be announced; the agent goes on trying, see `anyctl status`\n";

  /** Drains `names` at an agent that shows these routes; once it has, the two seconds are over. */
  async function drainShown(
    context: TestContext,
    pop: Pop,
    names: readonly string[],
    shown: (prefix: string) => Partial<RouteStatus>,
  ) {
    const timers = skippingTimers();
    await startAgent(context, pop, {}, (prefix) => {
      timers.skip(2000);
      return shown(prefix);
    });
    return run(["drain", ...names, "--reason", "r", "--config", pop.configPath], { timers });
  }

  it("ExaBGP does not accept ends with status 1", async (context) => {
    const pop = makePop(context);
    const ended = await drainShown(context, pop, ["dns"], () => ({ answer: "failed" }));
    assert.deepEqual(ended, {
      status: 1,
      out: `${stands(pop, "dns")}${table("dns      drained  operator-drain  192.0.2.0/24 withdrawn (failed)\n")}`,
      err: `anyctl: The drain stands, but ExaBGP did not accept the withdrawal of 192.0.2.0/24${then}`,
    });
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  it("ExaBGP does not answer ends with status 4", async (context) => {
    const pop = makePop(context);
    const ended = await drainShown(context, pop, ["dns"], () => ({ answer: "pending" }));
    assert.deepEqual(ended, {
      status: 4,
      out: `${stands(pop, "dns")}${table("dns      drained  operator-drain  192.0.2.0/24 withdrawn (pending)\n")}`,
      err: `anyctl: The drain stands, but ExaBGP has not answered the withdrawal of 192.0.2.0/24 within 2 s${then}`,
    });
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  it("is answered while the command waits ends with status 0", async (context) => {
    const pop = makePop(context);
    let looks = 0;
    await startAgent(context, pop, {}, () => {
      looks += 1;
      return looks > 3 ? {} : { answer: "pending" };
    });
    const argv = ["drain", "dns", "--reason", "r", "--config", pop.configPath];
    const { status, out, err } = await run(argv);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /withdrawn \(done\)$/m);
  });

  it("is one of several counts by the worst, and all that is open is named", async (context) => {
    const pop = makePop(context);
    const { status, err } = await drainShown(context, pop, ["--all"], (prefix) => ({
      answer: prefix === "192.0.2.0/24" ? "pending" : "failed",
    }));
    assert.equal(status, 1);
    assert.equal(
      err,
      `anyctl: The drain stands, but ExaBGP did not accept the withdrawal of 198.51.100.0/24, and ExaBGP has not answered the withdrawal of 192.0.2.0/24 within 2 s${then}`,
    );
  });

  it("concerns another service is not asked for", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, {}, (prefix) =>
      prefix === "192.0.2.0/24" ? {} : { answer: "failed" },
    );
    mkdirSync(pop.drains, { recursive: true });
    writeFileSync(join(pop.drains, "web"), "");
    const argv = ["drain", "dns", "--reason", "r", "--config", pop.configPath];
    assert.deepEqual((await run(argv)).status, 0);
  });

  const fates = [
    { name: "was not decided", route: { told: "announced" }, status: 4 },
    { name: "was never told", route: { told: "unknown", answer: "none" }, status: 4 },
    {
      name: "is not wanted, because another service keeps the prefix",
      route: { wanted: "announce", told: "announced" },
      status: 0,
    },
    {
      name: "is not wanted, because nobody has decided",
      route: { wanted: "leave", told: "unknown", answer: "none" },
      status: 0,
    },
  ] as const;
  for (const { name, route, status } of fates) {
    it(`${name} ends with status ${status}`, async (context) => {
      const pop = makePop(context);
      const ended = await drainShown(context, pop, ["dns"], () => route);
      assert.equal(ended.status, status);
      assert.match(ended.out, /^dns +drained/m);
    });
  }

  it("an agent that stops leaves to the next one ends with status 4", async (context) => {
    const pop = makePop(context);
    const stopping = STATUS.services.map((service) => ({ ...service, state: "stopping" }) as const);
    await startAgent(context, pop, { services: stopping });
    const argv = ["drain", "dns", "--reason", "r", "--config", pop.configPath];
    const { status, out } = await run(argv);
    assert.equal(status, 4);
    assert.match(out, /^dns +stopping/m);
  });
});

describe("drain that cannot be written", () => {
  it("without a state folder", async (context) => {
    const pop = makePop(context);
    rmSync(pop.stateDir, { recursive: true });
    const { status, err } = await run([
      "drain",
      "dns",
      "--reason",
      "r",
      "--config",
      pop.configPath,
    ]);
    assert.equal(status, 1);
    assert.equal(
      err,
      `anyctl: Cannot write drains: there is no folder "${pop.stateDir}", the state-dir of "${pop.configPath}"; is it the agent's configuration?\n`,
    );
    assert.ok(!existsSync(pop.stateDir));
  });

  it("without permission: whose the folder is, is said", async (context) => {
    if (process.getuid?.() !== 0) return context.skip("only root can become somebody else");
    const pop = makePop(context);
    mkdirSync(pop.drains, { mode: 0o700 });
    for (const part of [pop.stateDir, join(pop.stateDir, "..")]) chmodSync(part, 0o755);
    process.seteuid?.(65_534);
    try {
      const { status, err } = await run([
        "drain",
        "dns",
        "--reason",
        "r",
        "--config",
        pop.configPath,
      ]);
      assert.equal(status, 1);
      assert.equal(
        err,
        `anyctl: Cannot write in "${pop.drains}": permission denied (EACCES); "${pop.drains}" has mode 0700, owner uid 0, group "root" (gid 0): join that group, or use sudo\n`,
      );
    } finally {
      process.seteuid?.(0);
    }
    assert.deepEqual(readdirSync(pop.drains), []);
  });

  const obstacles = [
    {
      name: "a file in the folder's place",
      make: (pop: Pop) => writeFileSync(pop.drains, ""),
      error: /a part of its path is no folder/,
    },
    {
      name: "a folder in the file's place",
      make: (pop: Pop) => mkdirSync(join(pop.drains, "dns"), { recursive: true }),
      error: /a folder has the name of the file/,
    },
    {
      name: "a dangling link in the folder's place",
      make: (pop: Pop) => symlinkSync("nowhere", pop.drains),
      error: /there is no such folder/,
    },
  ];
  for (const { name, make, error } of obstacles) {
    it(`with ${name}`, async (context) => {
      const pop = makePop(context);
      make(pop);
      const { status, out, err } = await run([
        "drain",
        "dns",
        "--reason",
        "r",
        "--config",
        pop.configPath,
      ]);
      assert.deepEqual([status, out], [1, ""]);
      assert.match(err, error);
      if (existsSync(pop.drains) && statSync(pop.drains).isDirectory()) {
        assert.deepEqual(readdirSync(pop.drains), ["dns"], "no half-written file is left");
      }
    });
  }

  it("but a link in the file's place is replaced, not followed", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    const precious = join(pop.stateDir, "precious");
    writeFileSync(precious, "precious");
    symlinkSync(precious, join(pop.drains, "dns"));
    await run(["drain", "dns", "--reason", "r", "--config", pop.configPath]);
    assert.equal(readFileSync(precious, "utf8"), "precious");
    assert.equal(Object(read(pop, "dns")).reason, "r");
  });
});
