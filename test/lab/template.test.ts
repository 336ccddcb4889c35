import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand, tryCommand } from "./command.ts";
import { exabgpProgram } from "./exabgp-program.ts";
import { baseEnvironment } from "./namespace.ts";
import { REPOSITORY } from "./repository.ts";
import { fillTemplate } from "../../src/cli/init/template.ts";
import { exabgpConfig, type Family } from "./template.ts";

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
  assert.throws(() => fillTemplate("local-as @LOCAL_AS@;", {}), /no LOCAL_AS/);
  assert.equal(fillTemplate("# replace @WORD@\nx @A@;", { A: "1" }), "x 1;");
});

test("a comment for who fills in by hand is left out, down to its end or to an empty one", () => {
  assert.equal(fillTemplate("# a\n# @W@\n# b\n#\n# c\nx;", {}), "# a\n#\n# c\nx;");
});

test("what is optional is there with its values, else gone with what is said about it", () => {
  const text = "a;\n  # why\n  #? ttl @TTL@;\nb;";
  assert.equal(fillTemplate(text, { TTL: "2" }), "a;\n  # why\n  ttl 2;\nb;");
  assert.equal(fillTemplate(text, {}), "a;\nb;");
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
