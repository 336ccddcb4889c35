import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { COMMANDS } from "../../src/cli/commands.ts";
import { run } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";

// Messages tell local times.
process.env["TZ"] = "UTC";

const ALLOWED = `allowed: ${[...COMMANDS.keys()].join(", ")}`;
const DRAIN =
  'no such option of "anyctl drain"; allowed: --all, --config, --for, --graceful, --help, --reason, --timeout, --transient, --until, --wait';
const UNDRAIN =
  'no such option of "anyctl undrain"; allowed: --all, --clear-hold, --config, --help, --reason, --timeout, --wait';
const PIN = 'Missing argument of "anyctl pin"; allowed: pin <SERVICE>';
const TIMES =
  "must be RFC 3339 such as 2026-03-01T22:30:00Z, YYYY-MM-DD HH:MM[:SS] in local time, or HH:MM, the next such";
const NAME = "1 to 63 of a-z, 0-9 and hyphen, not beginning with a hyphen";
const R = ["--reason", "r"];

const cases: readonly { readonly argv: readonly string[]; readonly error: string }[] = [
  { argv: [], error: `Missing command; ${ALLOWED}; see "anyctl --help"` },
  { argv: ["drian"], error: `Cannot use "drian": no such command; ${ALLOWED}` },
  { argv: [""], error: `Cannot use "": no such command; ${ALLOWED}` },
  { argv: ["constructor"], error: `Cannot use "constructor": no such command; ${ALLOWED}` },
  { argv: ["--json", "status", "--json"], error: "Cannot use --json twice" },
  { argv: ["\u001b[2Jx"], error: `Cannot use "\\u001b[2Jx": no such command; ${ALLOWED}` },
  { argv: ["\u202ex"], error: `Cannot use "\\u{202e}x": no such command; ${ALLOWED}` },
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
  ...["--for", "--until", "--graceful", "--timeout"].map((option) => ({
    argv: ["drain", "dns", ...R, "--wait", option],
    error: `Missing value of ${option}; one that begins with a hyphen is written ${option}=VALUE`,
  })),
  ...["", "1", "-1h", "1h30m", "1.5h", " 1h", "1h ", "1d", "1H", "999ms", "0s", "169h", "NaN"].map(
    (wrong) => ({
      argv: ["drain", "dns", ...R, `--for=${wrong}`],
      error: `Cannot use --for ${JSON.stringify(wrong)}: must be a duration from 1s to 168h, such as 500ms, 2s, 5m or 1h`,
    }),
  ),
  {
    argv: ["drain", "dns", ...R, `--for=${"1".repeat(9000)}h`],
    error: `Cannot use --for "${"1".repeat(80)}...": must be a duration from 1s to 168h, such as 500ms, 2s, 5m or 1h`,
  },
  ...["", "never", "12", "24:00", "12:60", "1:00", "2026-01-02", "2026-01-02T00:00:00"].map(
    (wrong) => ({
      argv: ["drain", "dns", ...R, "--until", wrong],
      error: `Cannot use --until ${JSON.stringify(wrong)}: ${TIMES}`,
    }),
  ),
  ...["2026-02-30T00:00:00Z", "2026-01-02T00:00:60Z", "2026-01-02T00:00:00+24:00"].map((wrong) => ({
    argv: ["drain", "dns", ...R, "--until", wrong],
    error: `Cannot use --until ${JSON.stringify(wrong)}: ${TIMES}`,
  })),
  {
    argv: ["drain", "dns", ...R, "--until", "12:00\u001b[2J\n"],
    error: `Cannot use --until "12:00\\u001b[2J\\n": ${TIMES}`,
  },
  ...["2026-01-01T00:00:10Z", "2025-12-31 23:59", "1970-01-01T00:00:00+01:00"].map((past) => ({
    argv: ["drain", "dns", ...R, "--until", past],
    error: `Cannot use --until "${past}": must be after now, 2026-01-01 00:00:10+00:00`,
  })),
  ...["2026-01-08T00:00:10.001Z", "2026-01-08 00:01", "9999-12-31T23:59:59Z"].map((late) => ({
    argv: ["drain", "dns", ...R, "--until", late],
    error: `Cannot use --until "${late}": must be at most 7 days ahead, 2026-01-08 00:00:10+00:00`,
  })),
  {
    argv: ["drain", "dns", ...R, "--until", "12:00", "--for", "1h"],
    error: "Cannot use both --for and --until",
  },
  {
    argv: ["drain", "dns", ...R, "--graceful", "forever"],
    error: `Cannot use --graceful "forever": must be a duration from 0s to 168h, such as 500ms, 2s, 5m or 1h`,
  },
  {
    argv: ["drain", "dns", ...R, "--graceful", "60s", "--for", "1m"],
    error:
      "Cannot use --graceful 1m: the drain would end by --for before the prefixes are withdrawn",
  },
  {
    argv: ["drain", "dns", ...R, "--graceful", "1h", "--until", "00:30"],
    error:
      "Cannot use --graceful 1h: the drain would end by --until before the prefixes are withdrawn",
  },
  {
    argv: ["drain", "dns", ...R, "--timeout", "5s"],
    error: "Cannot use --timeout without --wait",
  },
  {
    argv: ["drain", "dns", ...R, "--wait", "--timeout", "0s"],
    error: `Cannot use --timeout "0s": must be a duration from 1s to 168h, such as 500ms, 2s, 5m or 1h`,
  },
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

  { argv: ["undrain", "dns", "--timeout", "1s"], error: "Cannot use --timeout without --wait" },
  { argv: ["undrain", "dns", "--for", "1h"], error: `Cannot use "--for": ${UNDRAIN}` },

  { argv: ["pin"], error: PIN },
  { argv: ["pin", ...R, "--for", "1h"], error: PIN },
  { argv: ["pin", "dns"], error: 'Missing --reason and --for of "anyctl pin"' },
  { argv: ["pin", "dns", ...R], error: 'Missing --for of "anyctl pin"' },
  { argv: ["pin", "dns", "--for=1h"], error: 'Missing --reason of "anyctl pin"' },
  {
    argv: ["pin", "dns", "web", ...R, "--for=1h"],
    error: 'Cannot use "web" in "anyctl pin"; allowed: pin <SERVICE>',
  },
  {
    argv: ["pin", "_all", ...R, "--for=1h"],
    error: `Cannot use "_all" as the name of a service: must be ${NAME}`,
  },
  {
    argv: ["pin", "dns", ...R, "--for=forever"],
    error: `Cannot use --for "forever": must be a duration from 1s to 168h, such as 500ms, 2s, 5m or 1h`,
  },
  {
    argv: ["pin", "dns", "--reason=", "--for=1h"],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },
  {
    argv: ["pin", "dns", `--reason=${"x".repeat(1024 * 1024)}`, "--for=1h"],
    error: "Cannot use a --reason of 1048576 bytes: must have at most 1024 bytes",
  },
  {
    argv: ["pin", "dns", ...R, "--until", "12:00"],
    error:
      'Cannot use "--until": no such option of "anyctl pin"; allowed: --config, --for, --help, --reason',
  },
  { argv: ["unpin"], error: 'Missing argument of "anyctl unpin"; allowed: unpin <SERVICE>' },
  {
    argv: ["unpin", "dns", "--reason= "],
    error: "Cannot use an empty --reason: must be text for whoever asks why",
  },

  {
    argv: ["status", "a", "b"],
    error: 'Cannot use "b" in "anyctl status"; allowed: status [SERVICE]',
  },
  { argv: ["status", "A"], error: `Cannot use "A" as the name of a service: must be ${NAME}` },
  { argv: ["status", "--json=1"], error: 'Cannot use "--json=1": --json takes no value' },
  {
    argv: ["status", "--wach"],
    error:
      'Cannot use "--wach": no such option of "anyctl status"; allowed: --config, --help, --json, --watch',
  },

  { argv: ["check", "a/b/c"], error: 'Cannot use "a/b/c": must be SERVICE or SERVICE/CHECK' },
  { argv: ["check", "a/"], error: `Cannot use "" as the name of a check: must be ${NAME}` },
  { argv: ["check", "a", "b"], error: 'Cannot use "b" in "anyctl check"; allowed: check [NAME]' },

  {
    argv: ["config"],
    error: 'Missing command after "anyctl config"; allowed: check, diff, show, schema',
  },
  {
    argv: ["config", "chekc"],
    error: 'Cannot use "chekc" in "anyctl config"; allowed: check, diff, show, schema',
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
      fc.constantFrom(
        "drain",
        "undrain",
        "pin",
        "unpin",
        "status",
        "check",
        "config",
        "show",
        "version",
        "agent",
      ),
      fc.constantFrom(
        "--all",
        "--reason",
        "--reason=r",
        "--for=1h",
        "--until",
        "--transient",
        "--json",
        "--help",
        "--config",
        "--",
        "-",
      ),
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
