/** The package for npm has what the agent needs, and the workspace that no registry has. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { temporaryFolder } from "../checks/temporary.ts";
import { createSite, ScriptedExabgp } from "../daemon/scripted-exabgp.ts";
import { runCommand } from "../lab/command.ts";
import { REPOSITORY } from "../lab/repository.ts";

it("npm pack makes a package whose agent announces, with what a registry has beside it", async (t) => {
  const folder = temporaryFolder(t);
  // Its scripts would build what this test runs from.
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, REPOSITORY];
  const name = (await runCommand("npm", pack)).trim();
  await runCommand("tar", ["-xzf", join(folder, name), "-C", folder]);
  const others = join(folder, "node_modules");
  mkdirSync(others);
  // All but the workspace.
  const { dependencies }: { dependencies?: object } = Object(
    JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")),
  );
  const names = Object.keys(dependencies ?? {}).filter((one) => one !== "exabgp-ts-bridge");
  for (const one of names) symlinkSync(join(REPOSITORY, "node_modules", one), join(others, one));
  const files = await runCommand("tar", ["-tzf", join(folder, name)]);
  assert.doesNotMatch(files, /^package\/dist\/(?:.*\.(?:map|ts)$|test\/|bench\/)/m);

  const program = join(folder, "package/bin/anyctl");
  assert.match(await runCommand(program, ["init", "--list-presets"]), /vultr/);
  const exabgp = new ScriptedExabgp(await createSite(t), [], { program });
  assert.deepEqual(await exabgp.waitForCommands(1), ["announce route 192.0.2.0/24 next-hop self"]);
});
