/** exabgp.conf as a tree: `name words ;` and `name words { … }`. */
import { ExabgpConfError } from "./conf-error.ts";
import { wordsOf, type Word } from "./words.ts";

export interface Statement {
  readonly name: string;
  /** What follows the name. */
  readonly words: readonly Word[];
  readonly line: number;
  /** Absent where a `;` ended it. */
  readonly block?: readonly Statement[];
}

/** neighbor, announce, ipv4, flow: nothing of ExaBGP's is deeper than five. */
const NESTING_MAX = 16;

interface Open {
  readonly words: readonly Word[];
  readonly line: number;
  readonly block: Statement[];
}

/** @throws {ExabgpConfError} */
export function statementsOf(text: string): readonly Statement[] {
  const top: Open = { words: [], line: 1, block: [] };
  const open: Open[] = [top];
  let words: Word[] = [];
  for (const piece of wordsOf(text)) {
    if (piece.type === "word") {
      words.push(piece);
      continue;
    }
    const inner = open.at(-1) ?? top;
    if (piece.type === "\n") {
      // ExaBGP reads line by line, and 4.2 forgets the words before the end of one.
      unfinished(words);
    } else if (piece.type === ";") {
      if (words.length > 0) inner.block.push(statement(words));
    } else if (piece.type === "{") {
      if (words.length === 0) throw new ExabgpConfError(piece.line, 'has a "{" without a name');
      if (open.length > NESTING_MAX) {
        throw new ExabgpConfError(piece.line, `has blocks deeper than ${NESTING_MAX}`);
      }
      open.push({ words, line: words[0]?.line ?? piece.line, block: [] });
    } else {
      unfinished(words);
      if (inner === top) throw new ExabgpConfError(piece.line, 'has a "}" too many');
      open.pop();
      open.at(-1)?.block.push({ ...statement(inner.words), block: inner.block });
    }
    words = [];
  }
  unfinished(words);
  const inner = open.at(-1) ?? top;
  if (inner !== top) throw new ExabgpConfError(inner.line, 'has a "{" here without its "}"');
  return top.block;
}

function unfinished(words: readonly Word[]): void {
  const [first] = words;
  if (first !== undefined) {
    throw new ExabgpConfError(
      first.line,
      'has a statement here that no ";" or "{" ends on its line',
    );
  }
}

function statement([first, ...words]: readonly Word[]): Statement {
  return { name: first?.text ?? "", words, line: first?.line ?? 1 };
}
