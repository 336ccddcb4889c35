/** The group that a file is to have, as this host knows it. */
import { groupId } from "../accounts.ts";
import type { PlannedFile } from "./files.ts";

export interface Grouped<File> {
  readonly files: readonly (File & { readonly gid: number | undefined })[];
  /** What is left to the operator. */
  readonly notes: readonly string[];
}

/** Only root can give a file to a group that it is not in. */
export function assignGroups<File extends PlannedFile & { readonly target: string }>(
  files: readonly File[],
  uid: number,
): Grouped<File> {
  const notes: string[] = [];
  const grouped = files.map((file) => {
    if (file.group === undefined) return { ...file, gid: undefined };
    const gid = uid === 0 ? groupId(file.group) : undefined;
    if (gid === undefined) {
      const why = uid === 0 ? `there is no group ${file.group} here` : "only root may";
      notes.push(`not given to group ${file.group} (${why}): chgrp ${file.group} ${file.target}`);
    }
    return { ...file, gid };
  });
  return { files: grouped, notes };
}
