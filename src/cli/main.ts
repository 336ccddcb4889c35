/** `anyctl`: what was typed becomes a command, and its end an exit status. */
import { readCommandLine } from "./command-line.ts";
import { CommandError, EXIT, type ExitStatus } from "./exit.ts";
import { systemIo, type CommandIo } from "./io.ts";
import { printable } from "./printable.ts";

/**
 * Never rejects: what goes wrong is told on stderr.
 *
 * @param argv Without the program's name.
 */
export async function main(
  argv: readonly string[],
  io: CommandIo = systemIo(),
): Promise<ExitStatus> {
  try {
    const wish = await readCommandLine(argv);
    if (wish.type === "run") return await wish.command.run(wish.args, io);
    io.stdout(wish.text);
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommandError) {
      io.stderr(lines(`anyctl: ${error.message}`));
      return EXIT[error.code];
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.stderr(lines(`anyctl: This is a bug of anyctl, please report it: ${stack}`));
    return EXIT.refused;
  }
}

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => `${printable(line)}\n`)
    .join("");
}
