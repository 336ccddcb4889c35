/** The line that a shell completes, as anyctl would read it. */

export interface ShellLine {
  /** Complete words before the one at the cursor, without the program's name. */
  readonly before: readonly string[];
  /** The word at the cursor, as far as it is typed. */
  readonly current: string;
  readonly after: readonly string[];
  /** How much of `current` the shell keeps by itself: its words end earlier than ours. */
  readonly keptLength: number;
}

/** bash takes these for the ends of words: `--config=x`, `2001:db8::/48`. */
const BASH_BREAK = /^[=:]+$/;

/** @param at Which word the cursor is in; one behind the last is an empty one. */
export function readShellLine(shell: string, at: number, typed: readonly string[]): ShellLine {
  const words = [...typed];
  while (words.length <= at) words.push("");
  if (shell !== "bash") {
    const current = words[at] ?? "";
    return { before: words.slice(0, at), current, after: words.slice(at + 1), keptLength: 0 };
  }
  const groups = glue(words, at);
  const here = groups.findIndex(({ last }) => last >= at);
  const text = groups.map((group) => group.words.join(""));
  const { words: parts = [], first = at } = groups[here] ?? {};
  // What stands behind the cursor in the same word is not typed yet, as far as a shell tells.
  const current = parts.slice(0, at - first + 1).join("");
  const isBreak = BASH_BREAK.test(words[at] ?? "");
  return {
    before: text.slice(0, here),
    current,
    after: text.slice(here + 1),
    keptLength: isBreak ? current.length : current.length - (words[at] ?? "").length,
  };
}

interface Group {
  readonly first: number;
  last: number;
  readonly words: string[];
}

/** Whether there were spaces around a break cannot be seen; anyctl has no word that is one. */
function glue(words: readonly string[], cursor: number): Group[] {
  const groups: Group[] = [];
  for (const [at, word] of words.entries()) {
    const previous = groups.at(-1);
    const isOpen = previous !== undefined && BASH_BREAK.test(words[at - 1] ?? "");
    // An empty word is one that the cursor begins, behind a space.
    const joins = BASH_BREAK.test(word) || (isOpen && !(at === cursor && word === ""));
    if (previous !== undefined && joins) {
      previous.words.push(word);
      previous.last = at;
    } else groups.push({ first: at, last: at, words: [word] });
  }
  return groups;
}
