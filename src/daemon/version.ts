/** The agent's version, from the package that it was installed with. */
import { readFileSync } from "node:fs";
import { parseObject } from "./untrusted.ts";

export function readVersion(): string {
  const file = new URL("../../../package.json", import.meta.url);
  return String(parseObject(readFileSync(file, "utf8"))["version"]);
}
