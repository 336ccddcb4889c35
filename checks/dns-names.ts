/** Names in a DNS message (RFC 1035 section 4.1.4), without decoding them. */

/** Where the name at `offset` ends; pointers are not followed. Undefined if it does not end. */
export function nameEnd(message: Buffer, offset: number): number | undefined {
  let at = offset;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return undefined;
    at += 1 + length;
  }
}

/**
 * How many labels and pointers there are to go through for the name at `offset`: what it costs to decode it.
 *
 * @returns `stepsMax` if it is as many or more: pointers may lead in circles.
 */
export function nameSteps(message: Buffer, offset: number, stepsMax: number): number {
  let at = offset;
  for (let steps = 1; steps < stepsMax; steps += 1) {
    const length = message[at] ?? 0;
    if (length === 0) return steps;
    at = length >= 0xc0 ? ((length & 0x3f) << 8) | (message[at + 1] ?? 0) : at + 1 + length;
  }
  return stepsMax;
}
