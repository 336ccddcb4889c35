/** Tells the agent who asks: a file in the drain folder, whose owner the kernel knows. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { proofText } from "../control/reload-protocol.ts";
import { codeOf } from "./error-code.ts";

/** The agent reads it as a member of the folder's group; nobody else of the group may write it. */
const FILE_MODE = 0o640;

export interface Proof {
  /** In the drain folder, which ignores dotfiles; undefined when none could be made. */
  readonly name: string | undefined;
  /** Why not. */
  readonly problem: string | undefined;
  /** Takes it away, if the agent has not. */
  remove(): Promise<void>;
}

/** Makes a proof for one request. Never rejects: without one the request is nobody's, but no less allowed. */
export async function makeProof(folder: string, force: boolean): Promise<Proof> {
  const nonce = randomBytes(16).toString("hex");
  const name = `.reload-${nonce}`;
  const path = join(folder, name);
  const remove = () => unlink(path).catch(() => {});
  try {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, FILE_MODE);
    try {
      await file.writeFile(proofText(nonce, force));
      // Not by `open`, whose mode is subject to the umask.
      await file.chmod(FILE_MODE);
    } finally {
      await file.close();
    }
    return { name, problem: undefined, remove };
  } catch (error) {
    await remove();
    const problem = `Cannot write in ${JSON.stringify(folder)} (${codeOf(error)})`;
    return { name: undefined, problem, remove };
  }
}
