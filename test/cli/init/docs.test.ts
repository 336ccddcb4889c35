// docs/init.md: its sample is run, its table is that of the presets.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { PRESETS } from "../../../src/cli/init/presets.ts";
import { REPOSITORY } from "../../lab/repository.ts";
import { makePlace, writePassword } from "./fixtures.ts";

const TEXT = readFileSync(join(REPOSITORY, "docs/init.md"), "utf8");

it("the sample without questions writes what it says", async (context) => {
  const place = makePlace(context);
  const [, sample = ""] = /^anyctl init (--preset[^`]*)$/m.exec(TEXT) ?? [];
  const words = sample.replaceAll("\\\n", " ").trim().split(/\s+/);
  assert.ok(words.includes("--dry-run"));
  const password = writePassword(context, "tops3cret");
  const argv = words.map((word) => (word === "/root/bgp-password" ? password : word));
  // Of a host with both families.
  const own = ["--local-address=198.51.100.2", "--local-address=2001:db8::2"];
  const { status, out, err } = await place.init([...argv, ...own]);
  assert.equal(status, 0, err);
  assert.match(out, /^neighbor 169\.254\.169\.254 \{$/m);
  assert.match(out, /^ {2}md5-password "\*\*\*"; md5-base64 false;$/m);
  assert.deepEqual(place.files(), []);
});

it("the table of presets is complete and right", () => {
  for (const { name, peerAs, peers, multihop } of PRESETS) {
    const cells = [`\`${name}\``, peerAs ?? "", peers.join(", "), multihop];
    const row = `| ${cells.join(" | ")} |`.replaceAll("|  |", "| |").replaceAll("|  |", "| |");
    assert.ok(TEXT.includes(row), row);
  }
});
