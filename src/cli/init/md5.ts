/** Passwords of TCP MD5 (RFC 2385), as exabgp.conf can hold them. */
import { closeSync, openSync, readSync } from "node:fs";
import { codeOf } from "../error-code.ts";
import { CommandError } from "../exit.ts";

/** The kernel's limit (TCP_MD5SIG_MAXKEYLEN), which ExaBGP 4.2 and 5.0 apply too. */
const LENGTH_MAX = 80;

/** Never shown, in whatever message. */
export const HIDDEN = "***";

/**
 * Between double quotes ExaBGP 4.2.21 to 5.0.15 take every printable ASCII character as itself, but for quotes, which
 * are a syntax error, and the backslash, which disappears.
 */
export function md5Mistake(password: string): string | undefined {
  const isRight = password.length <= LENGTH_MAX && /^[\x20-\x7e]+$/.test(password);
  const isSafe = isRight && !/["'\\]/.test(password) && password.trim() === password;
  return isSafe
    ? undefined
    : `must be 1 to ${LENGTH_MAX} printable ASCII characters without quotes and backslashes, and without spaces at its ends`;
}

/** More is no password, and not read. */
const BYTES_MAX = 4096;

/**
 * The first line of `path`; a file that an editor wrote ends with a newline.
 *
 * @throws {CommandError} `refused` if it cannot be read; `usage` if it holds more than a password.
 */
export function readPassword(path: string): string {
  let text: string;
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(BYTES_MAX);
      text = bytes.toString("latin1", 0, readSync(file, bytes, 0, BYTES_MAX, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const what = `Cannot read --md5-password-file ${JSON.stringify(path)} (${codeOf(error)})`;
    throw new CommandError("refused", what, error);
  }
  const password = text.replace(/\r?\n$/, "");
  const mistake = md5Mistake(password);
  if (mistake === undefined) return password;
  throw new CommandError("usage", `Cannot use the password in --md5-password-file: ${mistake}`);
}
