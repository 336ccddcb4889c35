/** One text through the whole of `src/config`, with what must hold for every text. */
import assert from "node:assert/strict";
import {
  ConfigError,
  formatProblem,
  parseConfig,
  type LoadedConfig,
} from "../../src/config/load.ts";

/** Far above what any text needs, far below what a person or a watchdog notices as hanging. */
export const CPU_MAX_MS = 5000;

/** Fails unless the text ends as one of the two, in time, with problems that are printable lines. */
export function attempt(text: string): LoadedConfig | ConfigError {
  const started = process.cpuUsage();
  try {
    const config = parseConfig([{ path: "anyctl.yaml", text }], "fra1");
    JSON.stringify(config);
    return config;
  } catch (error) {
    assert.ok(
      error instanceof ConfigError,
      `${String(error)}\n${error instanceof Error ? error.stack : ""}`,
    );
    assert.ok(error.problems.length > 0);
    for (const problem of error.problems) {
      assert.doesNotMatch(formatProblem(problem), /[\p{Cc}\p{Cs}\p{Zl}]/u);
      assert.ok(problem.line >= 1 && problem.column >= 1);
    }
    return error;
  } finally {
    assert.ok(cpuMsSince(started) < CPU_MAX_MS, `took ${cpuMsSince(started)} ms`);
  }
}

export function cpuMsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}
