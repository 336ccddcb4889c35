/** What this process may do for a moment is what somebody else may. */

/** Owns nothing. */
const NOBODY = 65_534;

/** Only root can become somebody else. */
export const isRoot = process.getuid?.() === 0;

/** Runs `work` without root's privileges; all threads of the process lose them, and have them again after it. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
