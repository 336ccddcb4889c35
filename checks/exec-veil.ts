/** Hides the values of `env` in what a program says: `sh -x` prints them, and evidence is read by many. */

const HIDDEN = "***";

/** A shorter value is no secret, and hiding `1` would spoil every message. */
const SECRET_MIN = 4;

/** The function that is returned gives the text with every value hidden, also one that the end has cut. */
export function createVeil(values: readonly string[]): (said: Buffer) => string {
  const secrets = values
    .filter((value) => value.length >= SECRET_MIN)
    // A value that holds another one goes first.
    .toSorted((one, other) => other.length - one.length);
  return (said) => {
    let text = said.toString("utf8");
    for (const secret of secrets) text = text.replaceAll(secret, HIDDEN);
    const cut = Math.max(0, ...secrets.map((secret) => beginningAtEnd(text, secret)));
    return cut > 0 ? `${text.slice(0, -cut)}${HIDDEN}` : text;
  };
}

/** How many characters of the end of `text` are the beginning of `secret`, and not all of it. */
function beginningAtEnd(text: string, secret: string): number {
  let length = Math.min(secret.length - 1, text.length);
  while (length >= SECRET_MIN && !text.endsWith(secret.slice(0, length))) length -= 1;
  return length >= SECRET_MIN ? length : 0;
}
