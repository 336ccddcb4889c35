/**
 * Who asked: Node.js cannot ask the kernel who is at the other end of a socket, but a file has an owner. Whoever
 * asks makes `.reload-NONCE`, whose content is the nonce and whether to force, in the drain folder, and names it in the request.
 */
import { constants, type Stats } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { proofText, type ReloadOrder } from "../control/reload-protocol.ts";
import type { Actor } from "../core/inputs.ts";
import { actorOf } from "./actors.ts";

/** The nonce has 128 bits. */
const NAME = /^\.reload-(?<nonce>[0-9a-f]{32})$/;

/** It is made for one request; a rename makes it fresh too, so its content must agree with its name. */
const AGE_MAX_MS = 60_000;

/**
 * The owner of the proof, which is then removed. `unknown` without a file that only its owner can have made.
 *
 * @param order From a request; the name of its proof may be anything.
 * @param wallMs Milliseconds since 1970.
 */
export async function actorOfProof(
  folder: string,
  { force, proof: name }: Pick<ReloadOrder, "force"> & { readonly proof: string | undefined },
  wallMs: number,
): Promise<Actor> {
  const nonce = NAME.exec(name ?? "")?.groups?.["nonce"];
  if (name === undefined || nonce === undefined) return "unknown";
  const path = join(folder, name);
  try {
    return await readProof(path, proofText(nonce, force), wallMs);
  } catch {
    return "unknown";
  } finally {
    await unlink(path).catch(() => {});
  }
}

async function readProof(path: string, expected: string, wallMs: number): Promise<Actor> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!isOwners(stats, wallMs)) return "unknown";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(expected.length + 1), 0);
    const isWhole = buffer.toString("latin1", 0, bytesRead) === expected;
    return isWhole ? actorOf(stats.uid) : "unknown";
  } finally {
    await file.close();
  }
}

/** Nobody but its owner can have written it, and no other name leads to it. */
function isOwners(stats: Stats, wallMs: number): boolean {
  const isPrivate = stats.isFile() && stats.nlink === 1 && (stats.mode & 0o022) === 0;
  return isPrivate && Math.abs(wallMs - stats.ctimeMs) < AGE_MAX_MS;
}
