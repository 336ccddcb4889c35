/** The last configuration that was valid and applied, for a start with one that is not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigFile, type LoadedConfig, parseConfig } from "../config/load.ts";
import { replaceFile } from "./replace-file.ts";
import { isObject, parseObject } from "./untrusted.ts";

const NAME = "last-good.json";

/**
 * Mode 0600: headers in it may hold passwords.
 *
 * @throws {NodeJS.ErrnoException} See `replaceFile`.
 */
export async function saveLastGood(stateDir: string, config: LoadedConfig): Promise<void> {
  await replaceFile(join(stateDir, NAME), `${JSON.stringify({ files: config.files })}\n`, 0o600);
}

/** @returns undefined when there is none, or none that this version of the agent accepts. */
export function loadLastGood(stateDir: string): LoadedConfig | undefined {
  try {
    const { files } = parseObject(readFileSync(join(stateDir, NAME), "utf8"));
    if (!Array.isArray(files)) return undefined;
    const texts = files.flatMap((file: unknown): ConfigFile[] =>
      isObject(file) ? [{ path: String(file["path"]), text: String(file["text"]) }] : [],
    );
    return parseConfig(texts);
  } catch {
    return undefined;
  }
}
