// What cannot be used is told in one line, and leaves nothing behind.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { QUESTIONS } from "../../../src/cli/init/answers.ts";
import { md5Mistake } from "../../../src/cli/init/md5.ts";
import { temporaryFolder } from "../../checks/temporary.ts";
import { run } from "../fake-io.ts";
import { FILES, GENERIC, makePlace, writePassword } from "./fixtures.ts";

/** `GENERIC` with these instead. */
function but(...flags: readonly string[]): string[] {
  const names = new Set(flags.map((flag) => flag.split("=", 1)[0]));
  return [...GENERIC.filter((flag) => !names.has(flag.split("=", 1)[0])), ...flags];
}

const LONG = "x".repeat(100_000);
const PASSWORD_ALLOWED =
  "must be 1 to 80 printable ASCII characters without quotes and backslashes, and without spaces at its ends";

const cases: readonly (readonly [argv: readonly string[], error: string])[] = [
  [
    [],
    'Missing --prefix, --check, --local-as, --peer, --peer-as of "anyctl init": there is no terminal to ask for what is missing',
  ],
  [
    ["--preset=vultr", "--local-as=64496"],
    'Missing --prefix, --check, --md5-password-file of "anyctl init": there is no terminal to ask for what is missing',
  ],
  [["--json"], "Cannot use --json without --dry-run or --list-presets"],
  [
    but("--preset=aws"),
    'Cannot use --preset "aws": must be generic, vultr, vultr-bare-metal, phoenixnap, ingenuity, buyvm, equinix-metal',
  ],
  [
    but("--pop=a b"),
    'Cannot use --pop "a b": "a b" is not allowed; allowed: 1 to 255 letters, digits, dots, hyphens and underscores',
  ],
  [but("--scope=world"), 'Cannot use --scope "world": must be global or local'],
  [
    but("--prefix=192.0.2.0"),
    'Cannot use --prefix "192.0.2.0": must be an IPv4 or IPv6 prefix such as 192.0.2.0/24 or 2001:db8::/48',
  ],
  [
    but("--prefix=192.0.2.1/24"),
    'Cannot use --prefix "192.0.2.1/24": 192.0.2.1/24 has host bits; allowed: 192.0.2.0/24',
  ],
  [
    but("--scope=global", "--prefix=192.0.2.0/24"),
    'Cannot use --prefix "192.0.2.0/24": 192.0.2.0/24 is not for the Internet: documentation space (RFC 5737); allowed: this with scope: local',
  ],
  [
    but("--scope=global", "--prefix=8.8.8.8/32"),
    'Cannot use --prefix "8.8.8.8/32": 8.8.8.8/32 is longer than the Internet takes; allowed: at most /24, or this with scope: local',
  ],
  [
    but("--prefix=192.0.2.0/24", "--prefix=192.0.2.0/24"),
    'Cannot use --prefix "192.0.2.0/24, 192.0.2.0/24": 192.0.2.0/24 is the same as prefixes[0]; allowed: each prefix once',
  ],
  [
    but("--service=Web"),
    'Cannot use --service "Web": not a name; allowed: 1 to 63 of a-z, 0-9 and hyphens, not a hyphen first',
  ],
  [
    but("--check=ping"),
    'Cannot use --check "ping": must be http://HOST/PATH, https://HOST/PATH, tcp:HOST:PORT, dns:SERVER/NAME, unix:PATH or systemd:UNIT',
  ],
  [
    but("--check=tcp:127.0.0.1:65536"),
    'Cannot use --check "tcp:127.0.0.1:65536": 65536 is not allowed; allowed: a whole number from 1 to 65535',
  ],
  ...["0", "-1", "4294967295", "1e3", "64496; peer-as 1", "23456", "65535"].map(
    (as) =>
      [
        but(`--local-as=${as}`),
        `Cannot use --local-as ${JSON.stringify(as)}: must be ${/^(?:23456|65535)$/.test(as) ? "an AS number that is not reserved" : "a whole number from 1 to 4294967294"}`,
      ] as const,
  ),
  [
    but("--peer=router.example"),
    'Cannot use --peer "router.example": must be an IPv4 or IPv6 address',
  ],
  [but("--peer=127.0.0.1"), 'Cannot use --peer "127.0.0.1": must not be in loopback (RFC 1122)'],
  [
    but("--peer=192.0.2.1"),
    'Cannot use --peer "192.0.2.1": must have an IPv6 one for the prefixes',
  ],
  [
    but("--prefix=192.0.2.0/24"),
    'Cannot use --peer "198.51.100.1, 2001:db8::1": must be of the families of the prefixes: 2001:db8::1 has nothing to be told',
  ],
  [
    but("--peer=198.51.100.1", "--peer=2001:db8::1", "--peer=2001:DB8:0::1"),
    'Cannot use --peer "198.51.100.1, 2001:db8::1, 2001:DB8:0::1": must be different from each other',
  ],
  [
    but("--local-address=198.51.100.2"),
    'Cannot use --local-address "198.51.100.2": must be one IPv4 address and one IPv6 address',
  ],
  [
    but("--local-address=198.51.100.1", "--local-address=2001:db8::2"),
    'Cannot use --local-address "198.51.100.1, 2001:db8::2": must not be a peer\'s: 198.51.100.1',
  ],
  [
    but("--router-id=2001:db8::1"),
    'Cannot use --router-id "2001:db8::1": must be an IPv4 address, different on each router of your AS',
  ],
  [but("--hold-time=0"), 'Cannot use --hold-time "0": must be a whole number from 3 to 90 seconds'],
  [
    but("--hold-time=180"),
    'Cannot use --hold-time "180": must be a whole number from 3 to 90 seconds',
  ],
  [but("--multihop=256"), 'Cannot use --multihop "256": must be a whole number from 1 to 255'],
  [
    but("--anyctl=/opt/it's/anyctl"),
    `Cannot use --anyctl "/opt/it's/anyctl": must be an absolute path of letters, digits, dots, hyphens and underscores`,
  ],
  [
    but("--config=/etc/a;b"),
    'Cannot use --config "/etc/a;b": must be an absolute path of letters, digits, dots, hyphens and underscores',
  ],
  [
    but(`--pop=${LONG}`),
    `Cannot use --pop "${"x".repeat(80)}...": must have at most 4096 characters`,
  ],
];

describe("anyctl init refuses", () => {
  for (const [argv, error] of cases) {
    it(error.slice(0, 90), async (context) => {
      const place = makePlace(context);
      // The last `--anyctl` is the one of the case.
      const own = argv.some((flag) => flag.startsWith("--anyctl"));
      const { status, out, err } = own
        ? await run(["init", `--output=${place.root}`, ...argv])
        : await place.init(argv);
      assert.equal(err, `anyctl: ${error}\n`);
      assert.deepEqual([status, out, place.files()], [2, "", []]);
    });
  }

  for (const [name, password] of [
    ["empty", ""],
    ["two lines", "good\nhold-time 1"],
    ["double quote", 'a"; hold-time 3; md5-password "b'],
    ["apostrophe", "it's"],
    ["backslash", String.raw`a\"b`],
    ["control character", "a\u001b[2Jb"],
    ["not ASCII", "pässword"],
    ["too long", "x".repeat(81)],
    ["1 MiB", "x".repeat(1024 * 1024)],
    ["space at its end", "a "],
  ] as const) {
    it(`a password: ${name}; and does not show it`, async (context) => {
      const place = makePlace(context);
      const file = writePassword(context, password);
      const { status, out, err } = await place.init([...GENERIC, `--md5-password-file=${file}`]);
      assert.equal(
        err,
        `anyctl: Cannot use the password in --md5-password-file: ${PASSWORD_ALLOWED}\n`,
      );
      assert.deepEqual([status, out, place.files()], [2, "", []]);
    });
  }

  it("a password file that is not there, or is a folder", async (context) => {
    const place = makePlace(context);
    for (const [file, code] of [
      ["/nonexistent", "ENOENT"],
      [temporaryFolder(context), "EISDIR"],
    ] as const) {
      const { status, err } = await place.init([...GENERIC, `--md5-password-file=${file}`]);
      assert.equal(status, 1);
      assert.equal(err, `anyctl: Cannot read --md5-password-file "${file}" (${code})\n`);
    }
  });

  it("to replace a file, whichever it is, before it asks for anything", async (context) => {
    for (const name of FILES) {
      const place = makePlace(context);
      const file = join(place.root, name);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, "mine");
      const { status, err } = await place.init([]);
      assert.equal(status, 1);
      assert.equal(
        err,
        `anyctl: Cannot write: ${file} is there already; --force keeps each as FILE.bak, and replaces it. Nothing was written\n`,
      );
      assert.deepEqual(place.files(), [name]);
      assert.equal(readFileSync(file, "utf8"), "mine");
    }
  });
});

it("whatever is answered, no answer adds a statement or a line to a file", async (context) => {
  const piece = fc.constantFrom(
    ";",
    "}",
    "{",
    '"',
    "'",
    "\\",
    "\n",
    "#",
    " ",
    "@A@",
    "#?",
    "run /bin/x;",
    "1",
    "64496",
    "192.0.2.0/24",
    "::1",
    "http://a/",
    "tcp:a:1",
    "systemd:a.service",
    "unix:/a",
    "é",
    "\u001b",
    "x",
  );
  const value = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));
  const keys = QUESTIONS.map(({ key }) => key).filter((key) => key !== "md5-password");
  const sound = makePlace(context);
  await sound.init([...GENERIC, `--md5-password-file=${writePassword(context, "good")}`]);
  const shape = (root: string): string[] =>
    FILES.map((name) => {
      const lines = readFileSync(join(root, name), "utf8").split("\n");
      return lines.map((line) => line.trim().split(/[\s:]/, 1)[0]).join("\n");
    });
  const expected = shape(sound.root);
  const outcomes = { written: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...keys),
      value,
      value,
      fc.boolean(),
      async (key, text, password, isSound) => {
        const place = makePlace(context);
        const isRight = md5Mistake(password) === undefined;
        const file = writePassword(context, isRight ? password : "good");
        const flags = [
          ...(isSound ? GENERIC : but(`--${key}=${text}`)),
          `--md5-password-file=${file}`,
        ];
        const { status, err } = await place.init(flags);
        assert.doesNotMatch(err, /bug/);
        if (status === 0) {
          outcomes.written += 1;
          // One prefix less is one session less, and another scope or name of the service one line or word.
          if (
            !["prefix", "peer", "local-address", "scope", "multihop", "service", "check"].includes(
              key,
            )
          ) {
            assert.deepEqual(shape(place.root), expected);
          }
        } else {
          outcomes.refused += 1;
          assert.match(err, /^anyctl: [^\n]+\n$/);
          assert.deepEqual(place.files(), []);
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(outcomes.written > 50 && outcomes.refused > 50, JSON.stringify(outcomes));
});
