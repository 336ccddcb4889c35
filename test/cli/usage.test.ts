import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { run } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";

const COMMANDS = "allowed: status, drain, undrain, check, config, agent, version";
const DRAIN = 'no such option of "anyctl drain"; allowed: --all, --config, --help, --reason';
const NAME = "1 to 63 of a-z, 0-9 and hyphen, not beginning with a hyphen";
const R = ["--reason", "r"];

const cases: readonly { readonly argv: readonly string[]; readonly error: string }[] = [
  { argv: [], error: `Missing command; ${COMMANDS}; see "anyctl --help"` },
  { argv: ["drian"], error: `Cannot use "drian": no such command; ${COMMANDS}` },
  { argv: [""], error: `Cannot use "": no such command; ${COMMANDS}` },
  { argv: ["constructor"], error: `Cannot use "constructor": no such command; ${COMMANDS}` },
  { argv: ["--json", "status", "--json"], error: "Cannot use --json twice" },
  { argv: ["\u001b[2Jx"], error: `Cannot use "\\u001b[2Jx": no such command; ${COMMANDS}` },
  { argv: ["\u202ex"], error: `Cannot use "\\u{202e}x": no such command; ${COMMANDS}` },
  { argv: ["agent"], error: 'Cannot start the agent so: "agent" must be the first argument' },
  { argv: ["version", "now"], error: 'Cannot use "now" in "anyctl version"; allowed: version' },

  { argv: ["drain"], error: 'Missing --reason of "anyctl drain"' },
  { argv: ["drain", "dns"], error: 'Missing --reason of "anyctl drain"' },
  { argv: ["drain", ...R], error: "Missing SERVICE; allowed: names of services, or --all" },
  {
    argv: ["drain", "--all", "dns", ...R],
    error: "Cannot use both SERVICE and --all: --all is the whole PoP",
  },
  {
    argv: ["drain", "dns", "--reason"],
    error: "Missing value of --reason; one that begins with a hyphen is written --reason=VALUE",
  },
  {
    argv: ["drain", "dns", "--reason", "--all"],
    error: "Missing value of --reason; one that begins with a hyphen is written --reason=VALUE",
  },
  {
    argv: ["drain", "dns", "--reason", ""],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },
  {
    argv: ["drain", "dns", "--reason="],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },
  {
    argv: ["drain", "dns", "--reason", " \n\t"],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },
  {
    argv: ["drain", "dns", "--reason", "x".repeat(1025)],
    error: "Cannot use a --reason of 1025 bytes: must have at most 1024 bytes",
  },
  {
    argv: ["drain", "dns", "--reason", "é".repeat(513)],
    error: "Cannot use a --reason of 1026 bytes: must have at most 1024 bytes",
  },
  { argv: ["drain", "dns", ...R, ...R], error: "Cannot use --reason twice" },
  { argv: ["drain", "dns", ...R, "--reason=r"], error: "Cannot use --reason twice" },
  { argv: ["drain", "--all", "--all", ...R], error: "Cannot use --all twice" },
  { argv: ["drain", "--all=no", ...R], error: 'Cannot use "--all=no": --all takes no value' },
  { argv: ["drain", "--all=true", ...R], error: 'Cannot use "--all=true": --all takes no value' },
  { argv: ["drain", "--no-all", ...R], error: `Cannot use "--no-all": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "--for", "1h"], error: `Cannot use "--for": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "--force"], error: `Cannot use "--force": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "--rea", "x"], error: `Cannot use "--rea": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "-a"], error: `Cannot use "-a": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "-"], error: `Cannot use "-": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "--", "web"], error: `Cannot use "--": ${DRAIN}` },
  { argv: ["drain", ...R, "--_=dns"], error: `Cannot use "--_": ${DRAIN}` },
  { argv: ["drain", ...R, "--service=dns"], error: `Cannot use "--service": ${DRAIN}` },
  { argv: ["drain", "dns", ...R, "--__proto__=x"], error: `Cannot use "--__proto__": ${DRAIN}` },
  {
    argv: ["drain", "dns", ...R, "--config"],
    error: "Missing value of --config; one that begins with a hyphen is written --config=VALUE",
  },
  { argv: ["drain", "dns", ...R, "--config="], error: 'Cannot use --config "": must be a path' },
  {
    argv: ["drain", "_all", ...R],
    error: `Cannot use "_all" as the name of a service: must be ${NAME}`,
  },
  { argv: ["drain", "", ...R], error: `Cannot use "" as the name of a service: must be ${NAME}` },
  {
    argv: ["drain", "DNS", ...R],
    error: `Cannot use "DNS" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", "../x", ...R],
    error: `Cannot use "../x" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", ".x", ...R],
    error: `Cannot use ".x" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", "dns", "дns", ...R],
    error: `Cannot use "дns" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", "dns\n", ...R],
    error: `Cannot use "dns\\n" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", "x".repeat(64), ...R],
    error: `Cannot use "${"x".repeat(64)}" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["drain", "x".repeat(9000), ...R],
    error: `Cannot use "${"x".repeat(80)}..." as the name of a service: must be ${NAME}`,
  },

  { argv: ["undrain"], error: "Missing SERVICE; allowed: names of services, or --all" },
  {
    argv: ["undrain", "--all", "dns"],
    error: "Cannot use both SERVICE and --all: --all is the whole PoP",
  },
  {
    argv: ["undrain", "dns", "--reason="],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },
  { argv: ["undrain", "/"], error: `Cannot use "/" as the name of a service: must be ${NAME}` },

  {
    argv: ["status", "a", "b"],
    error: 'Cannot use "b" in "anyctl status"; allowed: status [SERVICE]',
  },
  { argv: ["status", "A"], error: `Cannot use "A" as the name of a service: must be ${NAME}` },
  { argv: ["status", "--json=1"], error: 'Cannot use "--json=1": --json takes no value' },
  {
    argv: ["status", "--watch"],
    error:
      'Cannot use "--watch": no such option of "anyctl status"; allowed: --config, --help, --json',
  },

  { argv: ["check", "a/b/c"], error: 'Cannot use "a/b/c": must be SERVICE or SERVICE/CHECK' },
  { argv: ["check", "a/"], error: `Cannot use "" as the name of a check: must be ${NAME}` },
  { argv: ["check", "a", "b"], error: 'Cannot use "b" in "anyctl check"; allowed: check [NAME]' },

  {
    argv: ["config"],
    error: 'Missing command after "anyctl config"; allowed: check, show, schema',
  },
  {
    argv: ["config", "chekc"],
    error: 'Cannot use "chekc" in "anyctl config"; allowed: check, show, schema',
  },
  {
    argv: ["config", "check", "a", "b"],
    error: 'Cannot use "b" in "anyctl config check"; allowed: config check [FILE]',
  },
  { argv: ["config", "check", "a", "--config", "b"], error: "Cannot use both FILE and --config" },
  { argv: ["config", "check", ""], error: 'Cannot use --config "": must be a path' },
  {
    argv: ["config", "schema", "a"],
    error: 'Cannot use "a" in "anyctl config schema"; allowed: config schema',
  },
];

describe("a malformed command line", () => {
  for (const { argv, error } of cases) {
    it(`${JSON.stringify(argv).slice(0, 80)} is told in one line, and nothing is done`, async (context) => {
      const pop = makePop(context);
      mkdirSync(pop.drains);
      const world = { env: { ANYCTL_CONFIG: pop.configPath } };
      const { status, out, err } = await run(argv, world);
      assert.equal(err, `anyctl: ${error}\n`);
      assert.deepEqual([status, out], [2, ""]);
      assert.deepEqual(readdirSync(pop.drains), []);
    });
  }

  it("a configuration that was named and is not there is no reason to take another", async (context) => {
    const { stateDir } = makePop(context);
    const path = `${stateDir}/nowhere.yaml`;
    const named = [
      await run(["drain", "dns", ...R, "--config", path]),
      await run(["drain", "dns", ...R], { env: { ANYCTL_CONFIG: path } }),
    ];
    for (const { status, err } of named) {
      assert.equal(status, 1);
      assert.equal(err, `anyctl: Cannot read config "${path}" (ENOENT)\n`);
    }
  });

  it("whatever it is, has one of the five statuses, one line, and never a bug", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    const word = fc.oneof(
      fc.constantFrom("drain", "undrain", "status", "check", "config", "show", "version", "agent"),
      fc.constantFrom("--all", "--reason", "--reason=r", "--json", "--help", "--config", "--", "-"),
      fc.constantFrom("dns", "web", "_all", "toString", "--toString", "--_", "--$0", "--help=1"),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    const sensible = fc.constantFrom(
      ["version"],
      ["status", "--json"],
      ["drain", "dns", "--reason=r"],
      ["config", "show", "--help"],
    );
    const commandLine = fc.oneof(
      { weight: 3, arbitrary: fc.array(word, { maxLength: 6 }) },
      { weight: 1, arbitrary: sensible },
    );
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(commandLine, async (argv) => {
        const { status, out, err } = await run(argv, { env: { ANYCTL_CONFIG: pop.configPath } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        assert.ok([0, 1, 2, 3, 4].includes(status));
        assert.doesNotMatch(err, /bug/);
        if (status === 2) assert.match(err, /^anyctl: [^\n]+\n$/);
        if (status === 2) assert.equal(out, "");
        assert.match(out + err, /^(?:\n|[^\p{Cc}\p{Cf}])*$/u);
        for (const name of readdirSync(pop.drains)) assert.match(name, /^(?:_all|dns|web)$/);
      }),
      { numRuns: 250 },
    );
    assert.ok(
      (statuses.get(0) ?? 0) > 10 && (statuses.get(2) ?? 0) > 60,
      JSON.stringify([...statuses]),
    );
  });
});
