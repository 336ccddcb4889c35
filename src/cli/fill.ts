/** A paragraph in lines of a terminal. */

/** Breaks `text` at spaces into lines of at most `columns` characters; a longer word stays whole. */
export function fill(text: string, columns: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
