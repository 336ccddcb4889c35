/** Short programs of the system, asked for what is in no file. */
import { execFile } from "node:child_process";

/** A hung systemd must not hang the doctor. */
const TIMEOUT_MS = 2000;

const OUTPUT_MAX_BYTES = 1024 * 1024;

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** @returns Its stdout, or in a few words why there is none. Never rejects. */
export function ask(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<{ readonly text: string } | { readonly why: string }> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: OUTPUT_MAX_BYTES,
      env: { PATH: env["PATH"] ?? PATH, LC_ALL: "C" },
    } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve({ text: stdout });
        return;
      }
      const [said = ""] = stderr.trim().split("\n");
      const why =
        error.code === "ENOENT"
          ? "is not installed"
          : error.killed === true
            ? `does not answer within ${timeoutMs / 1000} s`
            : said === ""
              ? `failed (${String(error.code)})`
              : `says: ${said.slice(0, 200)}`;
      resolve({ why: `${program} ${why}` });
    });
  });
}
