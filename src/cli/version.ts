/** The version of this program. */
import { readFileSync } from "node:fs";

/** Of the package: `dist/src/cli` is three folders below it. */
export function readVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { version }: { version?: unknown } = Object(JSON.parse(text));
  return String(version);
}
