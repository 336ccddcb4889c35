/** How a command ends. Scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  /** Refused, or not so: a probe failed, the configuration is invalid, there is no such service. */
  refused: 1,
  /** Wrong usage; nothing was done. */
  usage: 2,
  /** The agent does not answer. */
  unreachable: 3,
  /** Waited for, and it did not happen. */
  timedOut: 4,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message that is complete for its reader. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: keyof typeof EXIT;

  constructor(code: Exclude<keyof typeof EXIT, "done">, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
