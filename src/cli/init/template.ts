/** Fills in templates: `@WORD@` is a value, a line behind `#?` is there only where its values are. */

export type Values = Readonly<Record<string, string>>;

const WORD = /@(\w+)@/g;
const OPTIONAL = /^(\s*)#\? /;

/**
 * Comments that speak of a `@WORD@` or of `#?` are for who fills in by hand: from there to the end of the comment, or
 * to an empty `#`, they are left out.
 *
 * @throws {Error} When a line has a `@WORD@` without a value: the template and its users disagree.
 */
export function fillTemplate(text: string, values: Values): string {
  const lines: string[] = [];
  for (const line of dropInstructions(text.split("\n"))) {
    if (OPTIONAL.test(line)) {
      const words = [...line.matchAll(WORD)].map(([, word = ""]) => word);
      if (words.every((word) => values[word] !== undefined)) {
        lines.push(fillLine(line.replace(OPTIONAL, "$1"), values));
      } else while (isComment(lines.at(-1))) lines.pop();
    } else lines.push(isComment(line) ? line : fillLine(line, values));
  }
  return lines.join("\n");
}

function dropInstructions(lines: readonly string[]): string[] {
  let isDropping = false;
  return lines.filter((line) => {
    if (!isComment(line) || line.trim() === "#") isDropping = false;
    else if (line.search(WORD) >= 0 || line.includes("`#?`")) isDropping = true;
    return !isDropping;
  });
}

function isComment(line: string | undefined): boolean {
  return line !== undefined && line.trimStart().startsWith("#") && !OPTIONAL.test(line);
}

function fillLine(line: string, values: Values): string {
  return line.replaceAll(WORD, (_, word: string) => {
    const value = values[word];
    if (value === undefined) throw new Error(`Cannot fill in "${line.trim()}": no ${word}`);
    return value;
  });
}
