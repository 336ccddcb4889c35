/** Removes files of orders without ever removing what an operator has put in their place meanwhile. */
import { link, lstat, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./untrusted.ts";

/** Files on their way out; dotfiles are nobody's orders. */
const ASIDE = ".consumed-";

/** Whether the file at `path`, of the service `name`, may go for good. */
type MayGo = (path: string, name: string) => Promise<boolean>;

/**
 * Takes a file away. It is moved aside first and looked at again, because an operator may have replaced it in
 * between; what may not go is put back, unless a newer file already stands there.
 *
 * @returns Whether it went.
 * @throws {NodeJS.ErrnoException} If the folder cannot be written.
 */
export async function takeAway(folder: string, name: string, mayGo: MayGo): Promise<boolean> {
  await rename(join(folder, name), join(folder, ASIDE + name));
  return settleAside(folder, name, mayGo);
}

/**
 * The same for what a crash in the middle of it left behind.
 *
 * @returns What could not be cleared away, in words.
 */
export async function clearAside(folder: string, mayGo: MayGo): Promise<string[]> {
  const problems: string[] = [];
  for (const aside of await readdir(folder)) {
    if (!aside.startsWith(ASIDE)) continue;
    await settleAside(folder, aside.slice(ASIDE.length), mayGo).catch((error: unknown) => {
      problems.push(`Cannot clear "${aside}" away: ${codeOf(error)}`);
    });
  }
  return problems;
}

async function settleAside(folder: string, name: string, mayGo: MayGo): Promise<boolean> {
  const aside = join(folder, ASIDE + name);
  const goes = await mayGo(aside, name);
  if (goes || !(await putBack(aside, join(folder, name)))) await unlink(aside);
  return goes;
}

/** @returns Whether nothing is left aside. */
async function putBack(aside: string, path: string): Promise<boolean> {
  try {
    // Unlike `rename`, it replaces nothing.
    await link(aside, path);
    return false;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    // Linux forbids links to files of others (fs.protected_hardlinks), and some file systems have none.
    if (await exists(path)) return false;
    await rename(aside, path);
    return true;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
