/** The two settings that the agent needs to be reached and to obey drains, from a file that may be invalid. */
import { readDocument } from "./document.ts";
import { readText } from "./files.ts";
import { pathLines } from "./path-lines.ts";
import { isSocketPath, isStateDir, SOCKET_DEFAULT, STATE_DIR_DEFAULT } from "./paths.ts";

/** Absolute paths. */
interface LenientSettings {
  readonly stateDir: string;
  readonly socketPath: string;
}

/**
 * Where the file is no YAML, its lines are looked at, so that a mistake elsewhere does not hide the settings.
 *
 * @returns Each setting that is a usable path, else its default. Never throws.
 */
export function readLenient(path: string): LenientSettings {
  const file = readText(path);
  const found = "text" in file ? findSettings(file.text) : new Map<string | number, unknown>();
  const stateDir = found.get("state-dir");
  const socketPath = found.get("socket");
  return {
    stateDir: isStateDir(stateDir) ? stateDir : STATE_DIR_DEFAULT,
    socketPath: isSocketPath(socketPath) ? socketPath : SOCKET_DEFAULT,
  };
}

function findSettings(text: string): Map<string | number, unknown> {
  const { tree } = readDocument({ path: "", text });
  if (tree !== undefined) {
    return new Map([...tree.children].map(([key, { value }]) => [key, value]));
  }
  return pathLines(text);
}
