/** The paths that a configuration names at the start of a line, found without a parser. */

/** `socket: PATH` at the start of a line, plain or quoted, with or without a comment. */
const TOP_LEVEL_PATH =
  /^(?<key>socket|state-dir)[ \t]*:[ \t]+(?:"(?<double>[^"\\]+)"|'(?<single>[^']+)'|(?<plain>\/[^#\s]*(?: [^#\s]+)*))[ \t]*(?:#.*)?$/gm;

/** By key, unchecked. */
export function pathLines(text: string): Map<string | number, unknown> {
  return new Map(
    [...text.matchAll(TOP_LEVEL_PATH)].map(({ groups }) => [
      groups?.["key"] ?? "",
      groups?.["double"] ?? groups?.["single"] ?? groups?.["plain"],
    ]),
  );
}
