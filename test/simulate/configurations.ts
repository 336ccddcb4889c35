/** The configuration file of a simulated host, parsed once for each text. */
import { type LoadedConfig, parseConfig } from "../../src/config/load.ts";
import { ConfigError, formatProblem } from "../../src/config/problem.ts";
import type { ConfigurationSources } from "../../src/daemon/configuration.ts";
import type { Disk } from "../../src/daemon/disk.ts";

export const CONFIG_PATH = "/etc/anyctl/anyctl.yaml";

export interface Sources extends ConfigurationSources {
  readonly keep: (stateDir: string, config: LoadedConfig) => Promise<void>;
}

export class Configurations {
  text: string;
  #version = 0;

  constructor(text: string) {
    this.text = text;
  }

  write(text: string): void {
    this.text = text;
    this.#version += 1;
  }

  /** @param disk Where the last good one is kept. */
  sourcesFor(disk: Disk): Sources {
    return {
      signature: () => `version ${this.#version}`,
      read: () => parse(this.text),
      lastGood: (stateDir) => {
        try {
          const config = parse(disk.read(pathIn(stateDir)));
          return "plan" in config ? config : undefined;
        } catch {
          return undefined;
        }
      },
      keep: (stateDir, { files }) =>
        disk.replaceSoon(pathIn(stateDir), files[0]?.text ?? "", 0o600),
    };
  }
}

/** Parsing takes longer than simulating a minute; shrinking runs the same text again and again. */
const PARSED = new Map<string, LoadedConfig | readonly string[]>();
const PARSED_MAX = 64;

function parse(text: string): LoadedConfig | readonly string[] {
  const known = PARSED.get(text);
  if (known !== undefined) return known;
  if (PARSED.size >= PARSED_MAX) PARSED.clear();
  let parsed: LoadedConfig | readonly string[];
  try {
    parsed = parseConfig([{ path: CONFIG_PATH, text }], "pop1");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    parsed = error.problems.map(formatProblem);
  }
  PARSED.set(text, parsed);
  return parsed;
}

function pathIn(stateDir: string): string {
  return `${stateDir}/last-good.json`;
}
