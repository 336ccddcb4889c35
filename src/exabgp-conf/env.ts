/** exabgp.env, and the variables that overrule it: ExaBGP's own settings (configuration/environment.py). */

/** One of them, and where it stands. */
export interface EnvSetting {
  readonly value: string;
  /** A line of the file; 0: a variable of the environment. */
  readonly line: number;
}

/** By section and name: `api.ack`. */
export type ExabgpEnv = ReadonlyMap<string, EnvSetting>;

/** @param text Of the file: `[exabgp.api]` and `ack = true` or `ack: true`. What is neither is skipped. */
export function readExabgpEnv(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): ExabgpEnv {
  const found = new Map<string, EnvSetting>();
  let section = "";
  for (const [at, line] of text.split("\n").entries()) {
    const header = /^\[exabgp\.(?<name>[\w-]{1,64})\]/.exec(line)?.groups?.["name"];
    if (line.startsWith("[")) section = header ?? "";
    const groups = /^(?<key>[\w-]{1,64})[ \t]*[=:](?<value>.*)$/.exec(line)?.groups;
    const { key, value = "" } = groups ?? {};
    if (key === undefined || section === "") continue;
    found.set(`${section}.${key.toLowerCase()}`, { value: unquote(value), line: at + 1 });
  }
  // `exabgp.api.ack` before `exabgp_api_ack`, and both before the file.
  for (const separator of ["_", "."]) {
    for (const [name, value = ""] of Object.entries(environment)) {
      const [program, part = "", ...rest] = name.split(separator);
      if (program !== "exabgp" || rest.length === 0) continue;
      found.set(`${part}.${rest.join(separator)}`, { value: unquote(value), line: 0 });
    }
  }
  return found;
}

/** As ExaBGP reads it: every other word is off. */
export function isEnabled({ value }: EnvSetting): boolean {
  return ["1", "yes", "on", "enable", "true"].includes(value.toLowerCase());
}

function unquote(text: string): string {
  return text.trim().replaceAll(/^['"]+|['"]+$/g, "");
}
