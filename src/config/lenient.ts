/** The two settings that the agent needs to be reached and to obey drains, from a file that may be invalid. */
import { readDocument } from "./document.ts";
import { readText } from "./files.ts";
import { SOCKET_DEFAULT, SocketPath, STATE_DIR_DEFAULT, StateDir } from "./schema.ts";

/** Absolute paths. */
export interface LenientSettings {
  readonly stateDir: string;
  readonly socketPath: string;
}

/** `socket: PATH` at the start of a line, plain or quoted, with or without a comment. */
const TOP_LEVEL_PATH =
  /^(?<key>socket|state-dir)[ \t]*:[ \t]+(?:"(?<double>[^"\\]+)"|'(?<single>[^']+)'|(?<plain>\/[^#\s]*(?: [^#\s]+)*))[ \t]*(?:#.*)?$/gm;

/**
 * Where the file is no YAML, its lines are looked at, so that a mistake elsewhere does not hide the settings.
 *
 * @returns Each setting that is a usable path, else its default. Never throws.
 */
export function readLenient(path: string): LenientSettings {
  const file = readText(path);
  const found = "text" in file ? findSettings(file.text) : new Map<string, unknown>();
  const stateDir = StateDir.safeParse(found.get("state-dir"));
  const socketPath = SocketPath.safeParse(found.get("socket"));
  return {
    stateDir: stateDir.success ? stateDir.data : STATE_DIR_DEFAULT,
    socketPath: socketPath.success ? socketPath.data : SOCKET_DEFAULT,
  };
}

function findSettings(text: string): Map<string | number, unknown> {
  const { tree } = readDocument({ path: "", text });
  if (tree !== undefined) {
    return new Map([...tree.children].map(([key, { value }]) => [key, value]));
  }
  return new Map(
    [...text.matchAll(TOP_LEVEL_PATH)].map(({ groups }) => [
      groups?.["key"] ?? "",
      groups?.["double"] ?? groups?.["single"] ?? groups?.["plain"],
    ]),
  );
}
