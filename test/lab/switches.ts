/** Services that a test switches on and off, with as many prefixes as it likes: each is up while its file is there. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SwitchedService {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly med: number;
}

/**
 * anyctl.yaml without `pop`, `state-dir` and `socket`: one result decides.
 *
 * @param folder Of the files; the agent only looks into it.
 */
export function switchedConfig(folder: string, services: readonly SwitchedService[]): string {
  const texts = services.map(
    ({ name, prefixes, med }) => `  ${name}:
    prefixes: [${prefixes.map((prefix) => JSON.stringify(prefix)).join(", ")}]
    scope: local
    announce: { med: ${med} }
    checks: { switch: { type: file, path: ${fileOf(folder, name)} } }
`,
  );
  return `defaults: { interval: 100ms, timeout: 100ms, rise: 1, fall: 1 }
services:
${texts.join("")}`;
}

export function switchOn(folder: string, name: string): void {
  writeFileSync(fileOf(folder, name), "");
}

export function switchOff(folder: string, name: string): void {
  rmSync(fileOf(folder, name));
}

/** Different prefixes of one length, canonical: /24 of 10.0.0.0/8, or /48 of 2001:db8::/32. */
export function manyPrefixes(family: "ipv4" | "ipv6", count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, nth) => {
    const number = from + nth;
    return family === "ipv4"
      ? `10.${number >> 8}.${number & 255}.0/24`
      : `2001:db8:${(number + 1).toString(16)}::/48`;
  });
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.switch`);
}
