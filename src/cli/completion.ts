/** The answer to a shell's Tab. Whatever happens, it is words or nothing: a message would stand on the command line. */
import type { CompletionKind } from "./command.ts";
import { readShellLine, type ShellLine } from "./completion-line.ts";
import { namesOf } from "./completion-names.ts";
import { FILES_LINE } from "./completion-script.ts";
import { offerFor, type Candidate } from "./completion-words.ts";
import { EXIT, type ExitStatus } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { printable } from "./printable.ts";

/**
 * Words without a sign that a shell gives a meaning: a shell puts them on the command line as they are. Names come
 * from a socket and from files that anybody may have written.
 */
const SAFE_WORD = /^[A-Za-z0-9-][A-Za-z0-9._:/=-]{0,254}$/;

/** Nobody reads more at a terminal. */
const WORDS_MAX = 1000;

/** @param argv The shell, the number of the word at the cursor from 0, and the words behind the program's name. */
export async function completeFor(
  [shell = "", at = "", ...typed]: readonly string[],
  io: CommandIo,
): Promise<ExitStatus> {
  if (!/^\d{1,5}$/.test(at)) return EXIT.usage;
  const line = readShellLine(shell, Math.min(Number(at), typed.length), typed);
  const found = await find(line, io).catch(() => "nothing" as const);
  if (found === "files") io.stdout(`${FILES_LINE}\n`);
  if (typeof found === "string") return EXIT.done;
  const fitting = found
    .filter(({ word }) => word.startsWith(line.current) && SAFE_WORD.test(word))
    .slice(0, WORDS_MAX)
    .map(({ word, about }) => ({ word: word.slice(line.keptLength), about }));
  const texts = new Set(
    fitting.map(({ word, about }) => (shell === "zsh" ? `${word}\t${printable(about)}` : word)),
  );
  io.stdout([...texts].map((text) => `${text}\n`).join(""));
  return EXIT.done;
}

async function find(
  line: ShellLine,
  io: CommandIo,
): Promise<readonly Candidate[] | Extract<CompletionKind, "files" | "nothing">> {
  const offer = await offerFor(line);
  if (offer.type === "words") return offer.words;
  const { kind, prefix, given } = offer;
  if (kind === "files" || kind === "nothing") return kind;
  const typedName = line.current.slice(prefix.length);
  const names = await namesOf(kind, typedName, configIn(line), io);
  return (
    names
      // One that begins like an option would be one.
      .filter((name) => !given.includes(name) && !name.startsWith("-"))
      .toSorted()
      .map((name) => ({ word: `${prefix}${name}`, about: "" }))
  );
}

/** The file that the line itself names. */
function configIn({ before, after }: ShellLine): string | undefined {
  const words = [...before, ...after];
  const at = words.findIndex((word) => word === "--config" || word.startsWith("--config="));
  const word = words[at];
  return word === "--config" ? words[at + 1] : word?.slice("--config=".length);
}
