import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand, tryCommand } from "./command.ts";
import { exabgpProgram } from "./exabgp-program.ts";
import { baseEnvironment } from "./namespace.ts";
import { REPOSITORY } from "./repository.ts";
import { exabgpConfig, type Family, fillIn } from "./template.ts";

const VALUES = {
  // ExaBGP looks whether the program exists.
  ANYCTL: "/bin/true",
  CONFIG: "/etc/anyctl/anyctl.yaml",
  ROUTER_ID: "198.51.100.2",
  LOCAL_AS: "64496",
  PEER_AS: "64515",
  LOCAL_IPV4: "198.51.100.2",
  PEER_IPV4: "198.51.100.1",
  LOCAL_IPV6: "2001:db8::2",
  PEER_IPV6: "2001:db8::1",
};

/** What ExaBGP says of a configuration without running it. */
async function validate(text: string): Promise<{ status: number; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-template-"));
  try {
    const file = join(folder, "exabgp.conf");
    writeFileSync(file, text);
    const [program = "", ...args] = (await exabgpProgram()).validate(file);
    const env = {
      ...baseEnvironment(),
      "exabgp.log.destination": "stdout",
      "exabgp.api.cli": "false",
    };
    const { status, stdout, stderr } = await tryCommand(program, args, { env });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const familySets: Family[][] = [["ipv4", "ipv6"], ["ipv4"], ["ipv6"]];
for (const families of familySets) {
  test(`exabgp.conf for ${families.join(" and ")} is valid`, async () => {
    const { status, said } = await validate(exabgpConfig(VALUES, families));
    assert.equal(status, 0, said);
    assert.doesNotMatch(said, /syntax error|not valid/);
  });
}

test("ExaBGP refuses an exabgp.conf whose placeholders were left", async () => {
  const text = readFileSync(join(REPOSITORY, "exabgp/templates/exabgp.conf"), "utf8");
  const { status, said } = await validate(text);
  assert.equal(status, 1, said);
  assert.match(said, /syntax error/);
});

test("a placeholder without a value is an error, but not in a comment", () => {
  assert.throws(() => fillIn("local-as @LOCAL_AS@;", {}), /no LOCAL_AS/);
  assert.equal(fillIn("# replace @WORD@\nx @A@;", { A: "1" }), "# replace @WORD@\nx 1;");
});

test("ExaBGP knows and uses every setting of exabgp.env", async () => {
  const file = join(REPOSITORY, "exabgp/templates/exabgp.env");
  const wanted = settings(readFileSync(file, "utf8"));
  assert.ok(wanted.size >= 8, "the template was read");
  const [program = "", ...args] = (await exabgpProgram()).settings(file);
  const used = settings(await runCommand(program, args, { env: baseEnvironment() }));
  for (const [key, value] of wanted) assert.equal(used.get(key), value, key);
});

/** `section.key` to value, without quotes. */
function settings(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n")) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined) found.set(`${section}.${key}`, (value ?? "").replaceAll("'", ""));
  }
  return found;
}
