/** What an agent may know of its checks: results in a row, counted by whoever gave them. */
import type { CheckBlueprint, ServiceBlueprint } from "./blueprint.ts";

interface Row {
  passes: number;
  failures: number;
  isUp: boolean;
  /** Since when `isUp`. */
  upSinceMs: number;
  /** `fall` failures in a row, and since then never `rise` passes. */
  mayBeDown: boolean;
}

/** A stall starts failures anew, once: until so many nobody can say that the agent must know. */
const FAILURES_SPARE = 2;

export class Judged {
  readonly #rows = new Map<number, Row>();

  /** Another life, or the end of a drain: nothing that began before counts. */
  forget(ports: Iterable<number>): void {
    for (const port of ports) this.#rows.delete(port);
  }

  forgetAll(): void {
    this.#rows.clear();
  }

  saw(check: CheckBlueprint, outcome: string, nowMs: number): void {
    const row = this.#rows.get(check.port) ?? {
      passes: 0,
      failures: 0,
      isUp: false,
      upSinceMs: 0,
      mayBeDown: false,
    };
    this.#rows.set(check.port, row);
    if (outcome === "pass") {
      row.passes += 1;
      row.failures = 0;
      if (row.passes < check.rise) return;
      if (!row.isUp) row.upSinceMs = nowMs;
      row.isUp = true;
      row.mayBeDown = false;
    } else if (outcome === "fail") {
      row.failures += 1;
      row.passes = 0;
      if (row.failures >= check.fall) row.mayBeDown = true;
      if (row.failures >= 2 * check.fall + FAILURES_SPARE) row.isUp = false;
    }
  }

  /** Whether the agent may believe that the service serves. */
  mayServe({ checks, require }: ServiceBlueprint): boolean {
    const required = checks.filter(({ advisory }) => !advisory);
    const up = required.filter(({ port }) => this.#rows.get(port)?.isUp === true).length;
    return up >= neededOf(require, required.length);
  }

  /** Since when it has served, at the earliest; Infinity: it does not. Milliseconds. */
  servesSinceMs({ checks, require }: ServiceBlueprint): number {
    const required = checks.filter(({ advisory }) => !advisory);
    const since = required
      .map(({ port }) => this.#rows.get(port))
      .flatMap((row) => (row?.isUp === true ? [row.upSinceMs] : []))
      .toSorted((a, b) => a - b);
    return since[neededOf(require, required.length) - 1] ?? Infinity;
  }

  /** Whether results say so much against the service that it may be withdrawn. */
  mayBeDown({ checks, require }: ServiceBlueprint): boolean {
    const required = checks.filter(({ advisory }) => !advisory);
    const left = required.filter(({ port }) => this.#rows.get(port)?.mayBeDown !== true).length;
    return left < neededOf(require, required.length);
  }
}

export function neededOf(require: ServiceBlueprint["require"], count: number): number {
  if (require === "all") return count;
  return require === "any" ? 1 : require;
}
