/**
 * `socket` and `state-dir` from the lines of a file that is laid out as people do. To load the YAML parser takes as
 * long as all that most commands do otherwise.
 */
import { readText } from "./files.ts";
import { settingsOf, type LenientSettings } from "./paths.ts";

/** `pop: fra1`, with whatever value: only lines that are indented can belong to it. */
const KEY = /^([a-z][a-z0-9-]*):(?: |$)/;

/** No quotes, no space within, nothing that YAML gives another meaning. */
const SETTING = /^(?:socket|state-dir): +(\/[A-Za-z0-9_./-]*) *(?: #.*)?$/;

/** Tabs, and what is the end of a line or the beginning of a file to some. */
const ODD = /[\t\r\u2028\u2029\ufeff]/;

/** The same as `readLenient`; undefined where only a parser can tell. Never throws. */
export function readQuickly(path: string): LenientSettings | undefined {
  const file = readText(path);
  const found = "text" in file ? findQuickly(file.text) : new Map<string, string>();
  return found && settingsOf(found);
}

function findQuickly(text: string): ReadonlyMap<string, string> | undefined {
  if (ODD.test(text)) return undefined;
  const found = new Map<string, string>();
  const keys = new Set<string>();
  let last = "";
  for (const line of text.split("\n")) {
    if (/^ *(?:#|$)/.test(line)) continue;
    if (line.startsWith(" ")) {
      // A path that goes on here, or a file whose keys are all indented.
      if (last === "" || isSetting(last)) return undefined;
      continue;
    }
    last = KEY.exec(line)?.[1] ?? "";
    // Another document, a list, a quoted key, the same key twice.
    if (last === "" || keys.has(last)) return undefined;
    keys.add(last);
    if (!isSetting(last)) continue;
    const value = SETTING.exec(line)?.[1];
    if (value === undefined) return undefined;
    found.set(last, value);
  }
  return found;
}

function isSetting(key: string): boolean {
  return key === "socket" || key === "state-dir";
}
