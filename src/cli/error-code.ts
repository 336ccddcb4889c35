/** @returns `ENOENT` and the like; `unknown` for what is no system error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
