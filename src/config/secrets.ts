/** Which values are never shown: not in messages, not in the effective configuration. */

/** Shown in the place of a secret. */
export const HIDDEN = "***";

const SECRET_NAMES =
  /^(?:proxy-)?authorization$|cookie|api-?key|token|secret|password|passwd|credential/i;

/** Where a check's headers stand in the path `services.NAME.checks.NAME.headers`. */
const HEADERS_AT = 4;

/**
 * Whether the value there is, or may hold, a secret. Of what stands below or in the place of `headers` everything
 * may: whoever writes one line for a name and its value wrote the password there.
 */
export function isSecretPath(path: readonly (string | number)[]): boolean {
  return (
    path[HEADERS_AT] === "headers" ||
    path.some((part) => typeof part === "string" && isSecretName(part))
  );
}

/** The path without what stands in the place of a header's name and is the whole header. */
export function withoutSecretKey(path: readonly (string | number)[]): (string | number)[] {
  return path.map((part, at) =>
    at > HEADERS_AT && path[HEADERS_AT] === "headers" && String(part).includes(":") ? HIDDEN : part,
  );
}

/** @param name Of a header or of a key. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name);
}
