/** Who did it, as far as the kernel knows. */
import { readFileSync } from "node:fs";
import type { Actor } from "../core/inputs.ts";

/** A user as actor: `uid:1000(ann)`, without a name where the host knows none. Never asks a network. */
export function actorOf(uid: number): Actor {
  const name = nameOf(uid);
  return name === undefined ? `uid:${uid}` : `uid:${uid}(${name})`;
}

function nameOf(uid: number): string | undefined {
  let passwd: string;
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  const fields = passwd.split("\n").map((line) => line.split(":"));
  const name = fields.find((user) => user[2] === String(uid))?.[0];
  return name !== undefined && /^[\w.-]{1,64}$/.test(name) ? name : undefined;
}
