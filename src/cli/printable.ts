/** Text from outside must not move the cursor, hide itself, or turn the line around. */
import { escapeUnits, UNSAFE } from "../control/unsafe-text.ts";

/** Shows what a terminal would obey as `\xNN` or `\u{…}`, newlines included: the result is one line. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}

/** JSON for people and programs alike: the same value, with nothing in it that a terminal would obey. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return text.replace(UNSAFE, (characters) =>
    // The line breaks between values are JSON's own; those inside a value are escaped already.
    characters === "\n" ? characters : escapeUnits(characters),
  );
}
