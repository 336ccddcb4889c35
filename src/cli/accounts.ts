/** Names of users and groups, from the files only: no command may wait for a directory service. */
import { readFileSync } from "node:fs";

/** @returns `uid:1000(ann)`, without a name where the host knows none: as the agent writes actors. */
export function userOf(uid: number): string {
  const name = nameIn("/etc/passwd", uid);
  return name !== undefined && /^[\w.-]{1,64}$/.test(name) ? `uid:${uid}(${name})` : `uid:${uid}`;
}

export function groupName(gid: number): string | undefined {
  return nameIn("/etc/group", gid);
}

/** @returns Undefined where the host knows no such group. */
export function groupId(name: string): number | undefined {
  const gid = fieldsOf("/etc/group").find(([group]) => group === name)?.[2];
  return gid !== undefined && /^\d+$/.test(gid) ? Number(gid) : undefined;
}

/** Both files have the name in the first field and the number in the third (passwd(5), group(5)). */
function nameIn(file: string, id: number): string | undefined {
  return fieldsOf(file).find((fields) => fields[2] === String(id))?.[0];
}

function fieldsOf(file: string): string[][] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
