/** Paths of files and sockets that checks look at, and what it means that the kernel does not let them. */
import { inconclusive, type Result } from "./probe.ts";

/** PATH_MAX of Linux with its final NUL is 4,096 (limits.h). */
export const PATH_BYTES_MAX = 4095;

/** Whether `path` is absolute, as the agent's working directory is `/` by chance, and fits into `bytesMax`. */
export function isPath(path: string, bytesMax = PATH_BYTES_MAX): boolean {
  return path.startsWith("/") && !path.includes("\0") && Buffer.byteLength(path) <= bytesMax;
}

/** The name of an errno(3); empty if `error` has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Whether the agent's user may not look at what is there. */
export function isForbidden(error: unknown): boolean {
  return codeOf(error) === "EACCES" || codeOf(error) === "EPERM";
}

/**
 * The service's own users may be allowed what the agent is not: nothing is known about it. A check that was never
 * allowed is never up, so that the mistake shows before anything is announced.
 */
export function forbidden(error: unknown): Result {
  return inconclusive("no-permission", error instanceof Error ? error.message : String(error));
}
