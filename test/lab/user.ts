/** Users of this host. */
import { readFileSync } from "node:fs";

/** Debian's package makes this user, and runs ExaBGP as it. */
export const EXABGP_USER = "exabgp";

/** @throws {Error} When there is no such user in /etc/passwd. */
export function userIds(name: string): { readonly uid: number; readonly gid: number } {
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([user]) => user === name);
  if (entry === undefined) throw new Error(`Cannot find user "${name}" in /etc/passwd`);
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}
