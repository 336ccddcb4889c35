/** Which values are never shown: not in messages, not in the effective configuration. */

/** Shown in the place of a secret. */
export const HIDDEN = "***";

const SECRET_NAMES =
  /^(?:proxy-)?authorization$|cookie|api-?key|token|secret|password|passwd|credential/i;

/** @param name Of a header or of a key. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name);
}
