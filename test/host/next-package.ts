/** The package of the release after the one under test: the same program, which says that it is newer. */
import { createHash } from "node:crypto";
import {
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "../lab/command.ts";
import type { Lab } from "../lab/lab.ts";

/** What it says of itself. */
export const NEXT_VERSION = "99.0.0";

/** @returns The path of the new .deb. */
export async function makeNextPackage(lab: Lab, deb: string): Promise<string> {
  const tree = join(lab.addFolder("next"), "tree");
  await runCommand("dpkg-deb", ["--raw-extract", deb, tree]);
  edit(join(tree, "DEBIAN/control"), /^Version: .*$/m, `Version: ${NEXT_VERSION}-1`);

  // All that runs is in one folder, whose name differs from version to version.
  const programs = join(tree, "usr/lib/anyctl");
  const [name = "", ...others] = readdirSync(programs);
  if (others.length > 0)
    throw new Error(`Cannot make a newer package: ${programs} has ${others.join(", ")} too`);
  const next = `${NEXT_VERSION}-${name.split("-").at(-1)}`;
  renameSync(join(programs, name), join(programs, next));
  edit(join(programs, next, "package.json"), /"version":\s*"[^"]*"/, `"version":"${NEXT_VERSION}"`);
  edit(join(programs, next, "bin/anyctl"), name, next);
  const sums = join(tree, "DEBIAN/md5sums");
  for (const file of ["package.json", "bin/anyctl"]) {
    const sum = createHash("md5")
      .update(readFileSync(join(programs, next, file)))
      .digest("hex");
    edit(sums, new RegExp(`^\\S+(?=  usr/lib/anyctl/[^/]+/${file}$)`, "m"), sum);
  }
  edit(sums, new RegExp(`/${name}/`, "g"), `/${next}/`);
  const link = join(tree, "usr/bin/anyctl");
  unlinkSync(link);
  symlinkSync(`../lib/anyctl/${next}/bin/anyctl`, link);

  const path = `${tree}.deb`;
  await runCommand("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, path]);
  return path;
}

/** @throws {Error} When there is nothing to be replaced: the package is made in another way now. */
function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, "utf8");
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`Cannot find ${String(from)} in ${file}`);
  writeFileSync(file, edited);
}
