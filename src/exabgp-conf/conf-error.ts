/** The refusal of an exabgp.conf that cannot be understood. */

/** The message is one line without the file's name; `line` leads to the place. */
export class ExabgpConfError extends Error {
  override readonly name = "ExabgpConfError";
  readonly code = "INVALID_EXABGP_CONF";
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
