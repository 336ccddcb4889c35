/** Whether the files of a configuration are still the same, without reading them. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Changes whenever one of the files does. */
export function configSignature(configPath: string): string {
  const folder = join(dirname(configPath), "anyctl.d");
  let more: string[] = [];
  try {
    more = readdirSync(folder).map((name) => join(folder, name));
  } catch {
    // There need not be one.
  }
  return [configPath, ...more]
    .map((path) => {
      const file = statSync(path, { throwIfNoEntry: false });
      return `${path} ${file?.ino} ${file?.size} ${file?.mtimeMs}`;
    })
    .join("\n");
}
