/** One setting of exabgp.conf, and where it stands. */
import type { Statement } from "./statements.ts";

export interface Setting {
  /** Empty for a bare word such as `neighbor-changes;`. */
  readonly value: string;
  readonly line: number;
}

/** By name; a later one replaces an earlier one, as in ExaBGP. */
export function settingsOf(statements: readonly Statement[]): ReadonlyMap<string, Setting> {
  return new Map(
    statements
      .filter(({ block }) => block === undefined)
      .map((one) => [one.name, { value: firstWord(one), line: one.line }]),
  );
}

/** A bare word is on (ExaBGP's configuration/parser.py: boolean). */
export function isOn({ value }: Setting): boolean {
  return !["false", "disable", "disabled"].includes(value.toLowerCase());
}

export function firstWord({ words }: Statement): string {
  return words[0]?.text ?? "";
}

export function listOf({ words }: Statement): string[] {
  return words.map(({ text }) => text);
}
