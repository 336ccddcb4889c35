/** Which values are never shown: not in messages, not in the effective configuration. */

/** Shown in the place of a secret. */
export const HIDDEN = "***";

const SECRET_NAMES =
  /^(?:proxy-)?authorization$|cookie|api-?key|token|secret|password|passwd|credential/i;

/** Where a check's own keys stand in the paths `services.NAME.checks.NAME.headers` and `checks.NAME.headers`. */
function keyAt([first]: readonly (string | number)[]): number {
  return first === "checks" ? 2 : 4;
}

/** Maps from names to values that may be secrets: of requests, of programs. */
const SECRET_MAPS: ReadonlySet<string | number | undefined> = new Set(["headers", "env"]);

/**
 * Whether the value there is, or may hold, a secret. Of what stands below or in the place of `headers`
 * and `env` everything may: whoever writes one line for a name and its value wrote the password there.
 */
export function isSecretPath(path: readonly (string | number)[]): boolean {
  return (
    SECRET_MAPS.has(path[keyAt(path)]) ||
    path.some((part) => typeof part === "string" && isSecretName(part))
  );
}

/** The path without what stands in the place of a name and is the name and its value. */
export function withoutSecretKey(path: readonly (string | number)[]): (string | number)[] {
  const own = keyAt(path);
  return path.map((part, at) =>
    at > own && SECRET_MAPS.has(path[own]) && /[:=]/.test(String(part)) ? HIDDEN : part,
  );
}

/** @param name Of a header or of a key. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name);
}
