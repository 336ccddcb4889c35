// Drains that end by themselves, are gone with ExaBGP, or are in another operator's way.
import assert from "node:assert/strict";
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { NOW, run, UID } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

function read(folder: string, name: string): Record<string, unknown> {
  return Object(JSON.parse(readFileSync(join(folder, name), "utf8")));
}

function drain(pop: Pop, ...words: string[]) {
  return run(["drain", ...words, "--config", pop.configPath]);
}

describe("drain", () => {
  const ends = [
    ["--for=90m", "2026-01-01T01:30:10.000Z", "01:30:10+00:00 (in 1h 30m)"],
    ["--for=1s", "2026-01-01T00:00:11.000Z", "00:00:11+00:00 (in 1s)"],
    ["--until=12:00", "2026-01-01T12:00:00.000Z", "12:00:00+00:00 (in 11h 59m)"],
    ["--until=2026-01-01 03:04:05", "2026-01-01T03:04:05.000Z", "03:04:05+00:00 (in 3h 3m)"],
    ["--until=2026-01-01T01:00:00.25+00:30", "2026-01-01T00:30:00.250Z", "00:30:00+00:00"],
  ] as const;
  for (const [option, until, shown] of ends) {
    it(`${option} ends by itself, and the agent knows when`, async (context) => {
      const pop = makePop(context);
      let seen: unknown;
      await startAgent(context, pop, (status) => {
        seen = status.drains[0]?.until ?? seen;
        return status;
      });
      const { status, out, err } = await drain(pop, "dns", "--reason=r", option);
      assert.deepEqual([status, err], [0, ""]);
      const [last] = out.split("\n").slice(-2);
      assert.ok(
        last?.startsWith(`Ends by \`anyctl undrain dns\`, or by itself at 2026-01-01 ${shown}`),
        last,
      );
      assert.deepEqual(read(pop.drains, "dns"), {
        reason: "r",
        by: `uid:${UID}`,
        since: NOW,
        until,
      });
      assert.equal(seen, until);
    });
  }

  it("--graceful is written as a duration that the agent reads", async (context) => {
    const pop = makePop(context);
    let seen: unknown;
    await startAgent(context, pop, (status) => {
      seen = status.drains[0]?.gracefulMs ?? seen;
      return status;
    });
    await drain(pop, "dns", "--reason=r", "--graceful=120s");
    assert.equal(read(pop.drains, "dns")["graceful"], "2m");
    assert.equal(seen, 120_000);
  });

  it("--transient stands beside the socket, and nowhere else", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const { status, out, err } = await drain(pop, "--all", "--reason=stop", "--transient");
    assert.deepEqual([status, err], [0, ""]);
    assert.equal(
      out,
      `The drain stands: ${pop.transient}/_all
SERVICE  STATE    REASON          ROUTES
dns      drained  operator-drain  192.0.2.0/24 withdrawn (done)
web      drained  operator-drain  198.51.100.0/24 withdrawn (done)
Ends by \`anyctl undrain --all\`, or when ExaBGP starts again
`,
    );
    assert.deepEqual([readdirSync(pop.drains), readdirSync(pop.transient)], [[], ["_all"]]);
  });

  it("--transient without an agent ends with status 3, with the folder and without", async (context) => {
    const pop = makePop(context);
    const { status, out, err } = await drain(pop, "--all", "--reason=stop", "--transient");
    assert.equal(status, 3);
    assert.equal(out, `The drain stands: ${pop.transient}/_all\n`);
    assert.match(
      err,
      /as soon as an agent runs, unless ExaBGP starts again; until then its prefixes/,
    );
    const missing = join(pop.stateDir, "../run");
    const text = readFileSync(pop.configPath, "utf8");
    writeFileSync(pop.configPath, text.replace(pop.socketPath, join(missing, "agent.sock")));
    const without = await drain(pop, "--all", "--reason=stop", "--transient");
    assert.equal(without.status, 3);
    assert.equal(
      without.err,
      `anyctl: Cannot write transient drains: there is no folder "${missing}", the folder of the socket of "${pop.configPath}"; no agent runs that would see them\n`,
    );
  });
});

it("a transient drain that the agent does not see ends with status 4, whatever else stands", async (context) => {
  const pop = makePop(context);
  await startAgent(context, { ...pop, transient: `${pop.transient}-elsewhere` });
  assert.equal((await drain(pop, "dns", "--reason=r")).status, 0);
  const { status, err } = await drain(pop, "dns", "--reason=r", "--transient");
  assert.equal(status, 4);
  assert.equal(
    err,
    `anyctl: The drain stands, but the agent does not show it within 2 s, so its prefixes may still be announced; is its socket beside "${pop.transient}"?\n`,
  );
});

describe("drain over another operator's", () => {
  const LONGER = { reason: "INC-1", by: "uid:4242", until: "2026-01-01T02:00:00.000Z" };

  /** A drain of dns whose file belongs to `uid`. */
  function stand(pop: Pop, content: object | string, uid = 4242): string {
    mkdirSync(pop.drains, { recursive: true });
    const path = join(pop.drains, "dns");
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(path, text);
    chownSync(path, uid, -1);
    return text;
  }

  const shorter = [
    {
      name: "ends before it",
      content: LONGER,
      words: ["--for=1h"],
      why: 'of dns by uid:4242 ("INC-1"), which ends 2026-01-01 02:00:00+00:00, by one that ends before: use --until "2026-01-01 02:00:00+00:00" or later, or end it first with `anyctl undrain dns`',
    },
    {
      name: "ends, and it does not",
      content: { ...LONGER, until: undefined },
      words: ["--for=168h"],
      why: 'of dns by uid:4242 ("INC-1"), which has no end, by one that ends before: leave out --for and --until, or end it first with `anyctl undrain dns`',
    },
    {
      name: "ends, and it was made by touch",
      content: "",
      words: ["--for=1h"],
      why: "of dns by uid:4242, which has no end, by one that ends before: leave out --for and --until, or end it first with `anyctl undrain dns`",
    },
    {
      name: "ends, and its file cannot be understood",
      content: '{"until":"soon"}',
      words: ["--until=23:59"],
      why: "of dns by uid:4242, which has no end, by one that ends before: leave out --for and --until, or end it first with `anyctl undrain dns`",
    },
    {
      name: "ends, and its reason is hostile",
      content: { reason: "a\nanyctl: done\u001b[2J\u202e" },
      words: ["--for=1h"],
      why: 'of dns by uid:4242 ("a\\x0aanyctl: done\\x1b[2J\\u{202e}"), which has no end, by one that ends before: leave out --for and --until, or end it first with `anyctl undrain dns`',
    },
    {
      name: "ends, and its reason is long",
      content: { reason: "x".repeat(1024) },
      words: ["--for=1h"],
      why: `of dns by uid:4242 ("${"x".repeat(120)}..."), which has no end, by one that ends before: leave out --for and --until, or end it first with \`anyctl undrain dns\``,
    },
  ];
  for (const { name, content, words, why } of shorter) {
    it(`is refused if it ${name}`, async (context) => {
      if (UID !== 0) return context.skip("only root can give files away");
      const pop = makePop(context);
      await startAgent(context, pop);
      const text = stand(pop, content);
      const { status, out, err } = await drain(pop, "web", "dns", "--reason=r", ...words);
      assert.deepEqual([status, out], [1, ""]);
      assert.equal(err, `anyctl: Cannot replace the drain ${why}\n`);
      assert.equal(readFileSync(join(pop.drains, "dns"), "utf8"), text);
      assert.deepEqual(readdirSync(pop.drains), ["dns"], "nothing was done for web either");
    });
  }

  const allowed = [
    { name: "it has no end", content: LONGER, words: [], tells: true },
    {
      name: "it ends at the same time",
      content: LONGER,
      words: ["--until", "2026-01-01 02:00:00+00:00"],
      tells: true,
    },
    { name: "neither ends", content: "", words: [], tells: true },
    {
      name: "the other one is over",
      content: { ...LONGER, until: NOW },
      words: ["--for=1s"],
      tells: false,
    },
    {
      name: "the other one is being ended",
      content: { ...LONGER, undrain: true },
      words: ["--for=1s"],
      tells: false,
    },
  ];
  for (const { name, content, words, tells } of allowed) {
    it(`replaces it if ${name}`, async (context) => {
      if (UID !== 0) return context.skip("only root can give files away");
      const pop = makePop(context);
      stand(pop, content);
      const { status, out } = await drain(pop, "dns", "--reason=mine", ...words);
      assert.equal(status, 3, "no agent runs");
      assert.equal(read(pop.drains, "dns")["reason"], "mine");
      assert.equal(/^It replaces the drain by uid:4242/m.test(out), tells, out);
      assert.deepEqual(readdirSync(pop.drains), ["dns"], "nothing is left behind");
    });
  }

  const people = [
    { standing: "uid:0(root)", env: { USER: "somebody" }, own: true },
    { standing: "uid:0(root), sudo by ann", env: { SUDO_USER: "ann" }, own: true },
    { standing: "uid:0(root), sudo by ann", env: { SUDO_USER: "ben" }, own: false },
    { standing: "uid:0(root), sudo by ann", env: {}, own: false },
    { standing: "", env: { SUDO_USER: "ben" }, own: false },
  ];
  for (const { standing, env, own } of people) {
    it(`"${standing}" is ${own ? "" : "not "}the same operator as ${JSON.stringify(env)}`, async (context) => {
      const pop = makePop(context);
      stand(pop, { reason: "r", by: standing }, UID);
      const argv = ["drain", "dns", "--reason=r", "--for=1h", "--config", pop.configPath];
      const { status } = await run(argv, { env });
      assert.equal(status, own ? 3 : 1);
    });
  }

  it("of the whole PoP names it", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    writeFileSync(join(pop.drains, "_all"), "");
    const argv = ["drain", "--all", "--reason=r", "--for=1h", "--config", pop.configPath];
    const { err } = await run(argv, { env: { SUDO_USER: "ben" } });
    assert.match(
      err,
      /^anyctl: Cannot replace the drain of the whole PoP by uid:.*`anyctl undrain --all`\n$/,
    );
  });

  it("in the other folder is in nobody's way", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    writeFileSync(join(pop.drains, "_all"), "");
    const argv = ["--all", "--reason=r", "--for=1h", "--transient"];
    const { status } = await drain(pop, ...argv);
    assert.equal(status, 3);
    assert.deepEqual([readdirSync(pop.drains), readdirSync(pop.transient)], [["_all"], ["_all"]]);
    rmSync(pop.drains, { recursive: true });
  });
});
