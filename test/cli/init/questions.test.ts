// The questions, at a pseudo terminal of the real program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../checks/temporary.ts";
import { FILES } from "./fixtures.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/anyctl", import.meta.url));

/** What to type, when the screen ends so. */
type Script = readonly (readonly [after: RegExp, text: string])[];

/** `script` is of util-linux; with `-e` it ends as the command does. */
async function talk(
  context: TestContext,
  flags: string,
  script: Script,
): Promise<{ readonly status: unknown; readonly seen: string; readonly root: string }> {
  const root = temporaryFolder(context);
  const line = `${PROGRAM} init --anyctl /bin/true --output ${root} ${flags}`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    // No ExaBGP where nothing is: its own check has tests of its own.
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TERM: "dumb" },
  });
  context.after(() => child.kill("SIGKILL"));
  let [seen, from] = ["", 0];
  const left = [...script];
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    const [next] = left;
    if (next === undefined || !next[0].test(seen.slice(from))) return;
    left.shift();
    from = seen.length;
    child.stdin.write(next[1]);
  });
  const [status] = await once(child, "close");
  assert.deepEqual(left, [], `not everything was asked:\n${seen}`);
  return { status, seen, root };
}

const TO_PASSWORD: Script = [
  [/Provider .* \[generic\]: $/, "vultr\r"],
  [/Name of this PoP \[.*\]: $/, "fra1\r"],
  [/Scope .* \[global\]: $/, "local\r"],
  [/Prefixes to announce: $/, "192.0.2.1/24\r"],
  [
    /has host bits; allowed: 192\.0\.2\.0\/24\r\nPrefixes to announce: $/,
    "192.0.2.0/24, 198.51.100.0/24\r",
  ],
  [/What to check: .*: $/, "\r"],
  [/an empty answer\r\nWhat to check: .*: $/, "tcp:127.0.0.1:80 systemd:nginx\r"],
  [/Name of the service \[main\]: $/, "web\r"],
  [/Your AS number: $/, "64496\r"],
  [/Addresses of the peers \[169\.254\.169\.254\]: $/, "\r"],
  [/AS number of the peers \[64515\]: $/, "\r"],
  [/Own addresses of the sessions, one per family(?: \[.*\])?: $/, "203.0.113.2\r"],
  [/Router id \[203\.0\.113\.2\]: $/, "\r"],
  [/Hops to the peers .* \[2\]: $/, "\r"],
  [/Hold time in seconds \[30\]: $/, "\r"],
];

describe("anyctl init at a terminal", () => {
  it("asks, shows what is usual, and judges each answer at once", async (context) => {
    const script: Script = [
      ...TO_PASSWORD,
      [/Password of the sessions \(TCP MD5\): $/, "it's wrong\r"],
      [/Cannot use \*\*\*: must be .*\r\nPassword of the sessions \(TCP MD5\): $/, "tops3cret\r"],
    ];
    const { status, seen, root } = await talk(context, "", script);
    assert.equal(status, 0, seen);
    assert.doesNotMatch(seen, /tops3cret|it's wrong/);
    const yaml = readFileSync(join(root, FILES[0]), "utf8");
    assert.match(yaml, /^pop: fra1$/m);
    assert.match(yaml, /^ {2}web:\n {4}prefixes: \["192\.0\.2\.0\/24", "198\.51\.100\.0\/24"\]$/m);
    assert.match(yaml, /^ {6}port: \{ type: tcp, host: "127\.0\.0\.1", port: 80, watch: true \}$/m);
    assert.match(yaml, /^ {6}unit: \{ type: systemd, unit: "nginx\.service" \}$/m);
    const conf = readFileSync(join(root, FILES[1]), "utf8");
    assert.match(conf, /md5-password "tops3cret"; md5-base64 false;/);
  });

  it("asks only for what no flag says", async (context) => {
    const flags =
      "--preset vultr --pop fra1 --scope local --prefix 192.0.2.0/24 --check tcp:127.0.0.1:80 --service web --peer-as 64515 --peer 192.0.2.9 --local-address 203.0.113.2 --router-id 203.0.113.2 --multihop 2 --hold-time 9";
    const { status, seen } = await talk(context, flags, [
      [/^Your AS number: $/, "64496\r"],
      [/Password .*: $/, "p\r"],
    ]);
    assert.equal(status, 0, seen);
  });

  it("takes lines that were typed ahead", async (context) => {
    const flags =
      "--preset generic --scope local --prefix 192.0.2.0/24 --service web --local-address 203.0.113.2 --router-id 203.0.113.2 --multihop 1 --hold-time 9";
    const { status, seen } = await talk(context, flags, [
      [/Name of this PoP .*: $/, "fra1\rtcp:127.0.0.1:80\r64496\r198.51.100.1\r64497\r\r"],
    ]);
    assert.equal(status, 0, seen);
  });

  for (const [name, key, script] of [
    ["Ctrl-C at a question", "\u0003", TO_PASSWORD.slice(0, 3)],
    ["Ctrl-D at a question", "\u0004", TO_PASSWORD.slice(0, 3)],
    ["Ctrl-C at the password", "\u0003", TO_PASSWORD],
  ] as const) {
    it(`${name} leaves nothing`, async (context) => {
      const { status, seen, root } = await talk(context, "", [...script, [/: $/, key]]);
      assert.equal(status, 1, seen);
      assert.match(seen, /anyctl: Interrupted: nothing was written\r\n$/);
      assert.deepEqual(readdirSync(root), []);
    });
  }
});
