/** Which ExaBGP these tests run: where versions differ, a test says what each of them does. */
import { exabgpProgram } from "../lab/exabgp-program.ts";

/** Such as `4.2.21`. */
export const { version: VERSION } = await exabgpProgram();

/** Whether the ExaBGP of this run is older than `version`; of 6.0 and later nothing is known yet. */
export function isBefore(version: string): boolean {
  const [own, other] = [VERSION, version].map((it) => it.split(".").map((part) => parseInt(part)));
  for (const [index, part] of (other ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
