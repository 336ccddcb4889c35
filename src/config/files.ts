/** The files of a configuration, from the disk into texts. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ConfigFile } from "./document.ts";
import { DROP_INS_MAX, FILE_BYTES_MAX, TOTAL_BYTES_MAX } from "./limits.ts";
import { ConfigError, escapeControls, type Problem } from "./problem.ts";

/** What was read. */
export interface ReadFiles {
  readonly files: readonly ConfigFile[];
  /** Files that are there but not used. */
  readonly warnings: readonly Problem[];
}

const NO_PLACE = { line: 1, column: 1, path: "" };

/**
 * Reads the file and, sorted by name, `anyctl.d/*.yaml` beside it.
 *
 * @throws {ConfigError} With a problem for each file that cannot be read.
 */
export function readFiles(path: string): ReadFiles {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const files: ConfigFile[] = [];
  const dropIns = listDropIns(join(dirname(path), "anyctl.d"), problems, warnings);
  let totalBytes = 0;
  for (const file of [path, ...dropIns]) {
    const read = readText(file);
    if ("message" in read) problems.push(read);
    else {
      files.push(read);
      totalBytes += Buffer.byteLength(read.text);
    }
  }
  if (totalBytes > TOTAL_BYTES_MAX) {
    const message = `all files together have ${totalBytes} bytes`;
    problems.push({ ...NO_PLACE, file: path, message, allowed: `at most ${TOTAL_BYTES_MAX}` });
  }
  if (problems.length > 0) throw new ConfigError(path, problems);
  return { files, warnings };
}

/** @returns The file, or why it cannot be read. */
export function readText(path: string): ConfigFile | Problem {
  const place = { ...NO_PLACE, file: path };
  try {
    const stats = statSync(path);
    if (!stats.isFile()) {
      // A FIFO would block the agent until somebody writes.
      const kind = stats.isDirectory() ? "a directory" : "no regular file";
      return { ...place, message: `cannot be read: is ${kind}`, allowed: "a regular file" };
    }
    if (stats.size > FILE_BYTES_MAX) {
      const message = `cannot be read: has ${stats.size} bytes`;
      return { ...place, message, allowed: `at most ${FILE_BYTES_MAX}` };
    }
    return decode(path, readFileSync(path));
  } catch (error) {
    const message = `cannot be read: ${wordSystemError(error)}`;
    return { ...place, message, allowed: "a readable file" };
  }
}

function listDropIns(folder: string, problems: Problem[], warnings: Problem[]): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    const message = `cannot be read: ${wordSystemError(error)}`;
    problems.push({ ...NO_PLACE, file: folder, message, allowed: "a readable folder, or none" });
    return [];
  }
  const visible = names.filter((name) => !name.startsWith("."));
  for (const name of visible.filter((other) => !other.endsWith(".yaml")).slice(0, DROP_INS_MAX)) {
    const message = "is not used";
    const allowed = "names that end with .yaml";
    warnings.push({ ...NO_PLACE, file: join(folder, name), message, allowed });
  }
  const used = visible.filter((name) => name.endsWith(".yaml"));
  if (used.length > DROP_INS_MAX) {
    const message = `holds ${used.length} files`;
    problems.push({ ...NO_PLACE, file: folder, message, allowed: `at most ${DROP_INS_MAX}` });
  }
  return used.slice(0, DROP_INS_MAX).map((name) => join(folder, name));
}

function decode(path: string, bytes: Buffer): ConfigFile | Problem {
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const { line, column } = placeOfInvalidByte(bytes);
    const message = "is not UTF-8 here";
    return { file: path, line, column, path: "", message, allowed: "a text file in UTF-8" };
  }
}

function placeOfInvalidByte(bytes: Buffer): { line: number; column: number } {
  const lines = bytes.toString("latin1").split("\n");
  for (const [index, latin1] of lines.entries()) {
    const buffer = Buffer.from(latin1, "latin1");
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(buffer);
    } catch {
      return {
        line: index + 1,
        column: Math.max(buffer.toString("utf8").indexOf("\ufffd"), 0) + 1,
      };
    }
  }
  return { line: 1, column: 1 };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

function wordSystemError(error: unknown): string {
  const words: Record<string, string> = {
    ENOENT: "there is no such file (ENOENT)",
    EACCES: "permission denied (EACCES)",
    ENOTDIR: "a part of its path is not a folder (ENOTDIR)",
  };
  const code = codeOf(error);
  return words[code] ?? escapeControls(error instanceof Error ? error.message : code);
}
