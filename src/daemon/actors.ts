/** Who did it, as far as the kernel knows. Never asks a network: only the host's own files. */
import { readFileSync } from "node:fs";
import type { Actor } from "../core/inputs.ts";

/** Of users, in what becomes a word of a record. */
const USER_NAME = /^[\w.-]{1,64}$/;

/** A user as actor: `uid:1000(ann)`, without a name where the host knows none. */
export function actorOf(uid: number): Actor {
  const name = userOf(uid)?.name;
  return name === undefined ? `uid:${uid}` : `uid:${uid}(${name})`;
}

/**
 * The owner of an order as actor. Root may be anybody: what the order's file says of who used sudo is added as a claim,
 * `uid:0(root), sudo by ann`.
 *
 * @param claim The file's `by`, as the command line writes it.
 */
export function actorWithClaim(uid: number, claim: unknown): Actor {
  const sudo = typeof claim === "string" ? /, sudo by ([\w.-]{1,64})$/.exec(claim)?.[1] : undefined;
  return uid === 0 && sudo !== undefined ? `${actorOf(uid)}, sudo by ${sudo}` : actorOf(uid);
}

/** Whether the user is of the group, by `/etc/passwd` and `/etc/group`. */
export function isMember(uid: number, gid: number): boolean {
  const user = userOf(uid);
  if (user === undefined) return false;
  const group = fieldsOf("/etc/group").find((fields) => fields[2] === String(gid));
  return user.gid === gid || (group?.[3] ?? "").split(",").includes(user.name);
}

function userOf(uid: number): { readonly name: string; readonly gid: number } | undefined {
  const [name, , , gid] = fieldsOf("/etc/passwd").find((user) => user[2] === String(uid)) ?? [];
  return name !== undefined && USER_NAME.test(name) ? { name, gid: Number(gid) } : undefined;
}

function fieldsOf(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
