/** What Prometheus' own libraries tell of every process, by the same names; only what costs next to nothing. */
import { readdirSync } from "node:fs";
import { gauge, counter } from "./family.ts";
import type { Family } from "./exposition.ts";

/** @param startedAtMs Milliseconds since 1970. */
export function processFamilies(startedAtMs: number): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    counter(
      "process_cpu_seconds_total",
      "Processor time of this agent, without the programs that it ran.",
      (user + system) / 1e6,
    ),
    gauge(
      "process_resident_memory_bytes",
      "Resident memory of this agent.",
      process.memoryUsage.rss(),
    ),
    gauge("process_start_time_seconds", "When this agent was started.", startedAtMs / 1000),
    ...descriptors(),
  ];
}

function descriptors(): Family[] {
  try {
    const open = readdirSync("/proc/self/fd").length;
    return [gauge("process_open_fds", "Open file descriptors of this agent.", open)];
  } catch {
    // None is left to read the folder with, or there is no /proc.
    return [];
  }
}
