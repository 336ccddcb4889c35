/** `anyctl`: what was typed becomes a command, and its end an exit status. */
import { COMPLETE } from "./completion-script.ts";
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
    if (argv[0] === COMPLETE) return await answerShell(argv.slice(1), io);
    // Not above: yargs is most of what a command takes to start, and a shell that waits for words needs none.
    const { readCommandLine } = await import("./command-line.ts");
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

async function answerShell(argv: readonly string[], io: CommandIo): Promise<ExitStatus> {
  const { completeFor } = await import("./completion.ts");
  return await completeFor(argv, io);
}

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => `${printable(line)}\n`)
    .join("");
}
