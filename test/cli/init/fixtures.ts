/** `anyctl init` into a folder of a test's own. */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { CommandIo } from "../../../src/cli/io.ts";
import { temporaryFolder } from "../../checks/temporary.ts";
import { run, type Run } from "../fake-io.ts";

/** All that `generic` cannot suggest, for both families. */
export const GENERIC: readonly string[] = [
  "--pop=fra1",
  "--scope=local",
  "--prefix=192.0.2.0/24",
  "--prefix=2001:db8:53::/48",
  "--check=http://127.0.0.1:8080/healthz",
  "--local-as=64496",
  "--peer-as=64497",
  "--peer=198.51.100.1",
  "--peer=2001:db8::1",
  "--local-address=198.51.100.2",
  "--local-address=2001:db8::2",
];

export const FILES = [
  "etc/anyctl/anyctl.yaml",
  "etc/exabgp/exabgp.conf",
  "etc/exabgp/exabgp.env",
  "etc/systemd/system/exabgp.service.d/anyctl.conf",
] as const;

export interface Place {
  readonly root: string;
  /** Runs `anyctl init` with `--output` here. */
  init(argv: readonly string[], world?: Partial<CommandIo>): Promise<Run>;
  /** Files below the root. */
  files(): string[];
}

export function makePlace(context: TestContext): Place {
  const root = temporaryFolder(context);
  return {
    root,
    // Without PATH no exabgp is looked for: it takes a second, and has tests of its own.
    init: (argv, world = {}) =>
      run(["init", "--anyctl=/bin/true", `--output=${root}`, ...argv], world),
    files: () =>
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => statSync(join(root, name)).isFile())
        .toSorted(),
  };
}

export function writePassword(context: TestContext, password: string): string {
  const file = join(temporaryFolder(context), "password");
  writeFileSync(file, password, { mode: 0o600 });
  return file;
}
