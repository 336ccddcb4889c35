/** The Debian that machines boot, and the packages that they are given. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { REPOSITORY } from "../lab/repository.ts";

/**
 * The root of a whole Debian 12 with ExaBGP and nginx, made when there is none yet. Nobody may write to it.
 *
 * @throws {Error} When it cannot be made; scripts/machine-image has said why on stderr.
 */
export async function findImage(): Promise<string> {
  const child = spawn(join(REPOSITORY, "scripts/machine-image"), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`Cannot make a Debian to boot: status ${status}, see above`);
  return output.trim();
}

/**
 * The package under test: `ANYCTL_DEB`, else what `npm run package` made last.
 *
 * @throws {Error} When there is none.
 */
export function findPackage(): string {
  const named = process.env["ANYCTL_DEB"];
  if (named !== undefined) return resolve(named);
  const folder = join(REPOSITORY, "build");
  const found = readdirSync(folder)
    .filter((name) => /^anyctl_.*\.deb$/.test(name))
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .at(-1);
  if (found === undefined)
    throw new Error(`Cannot find a package in ${folder}: run npm run package`);
  return found;
}
