/** Whether the operating system or Node gave this code, such as `ENOENT`, to what was thrown. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
