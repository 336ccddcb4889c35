/** The effective configuration as a file that could be used. */
import { stringify } from "yaml";
import type { ConfigFile } from "./document.ts";
import { parseEffective } from "./parse.ts";
import { HIDDEN, isSecretName } from "./secrets.ts";

/**
 * Parsed again, it gives the same plan, unless a secret header or a variable had to be hidden.
 *
 * @param files As in `LoadedConfig`.
 * @throws {ConfigError}
 */
export function showConfig(files: readonly ConfigFile[], hostName?: string): string {
  // Without aliases: two equal lists are not one to a reader. Without folding: a pattern stays on its line.
  return stringify(effectiveConfig(files, hostName), {
    aliasDuplicateObjects: false,
    lineWidth: 0,
    version: "1.2",
  });
}

/** The same as plain data. */
export function effectiveConfig(files: readonly ConfigFile[], hostName?: string): unknown {
  return hideSecrets(parseEffective(files, hostName).effective);
}

function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "string" && isSecretName(key)
        ? HIDDEN
        : key === "env"
          ? hideValues(item)
          : hideSecrets(item),
    ]),
  );
}

/** What a program is given to work with is nobody else's business, whatever it is called. */
function hideValues(env: unknown): unknown {
  if (env === null || typeof env !== "object") return env;
  return Object.fromEntries(Object.keys(env).map((name) => [name, HIDDEN]));
}
