/** YAML text becomes values with places, within limits: the parser alone can be made to end the process. */
import { Composer, Lexer, LineCounter, Parser, type Document } from "yaml";
import {
  fullBudget,
  LEXEMES_MAX,
  NESTING_MAX,
  SYNTAX_PROBLEMS_MAX,
  type Budget,
} from "./limits.ts";
import { escapeControls, formatPath, type Path, type Problem } from "./problem.ts";
import { growTree, treeAt, type Tree } from "./tree.ts";

/** One file as it is stored. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** One file as it was understood. */
export interface ConfigDocument {
  readonly file: string;
  /** Undefined if the file is empty or no YAML. */
  readonly tree: Tree | undefined;
  readonly problems: readonly Problem[];
  /** Where `path` is; the place of its parent if there is no such key. */
  place(path: Path, at?: "key" | "value"): { file: string; line: number; column: number };
}

/** The parser holds one entry for each level, one for the document, and one for a scalar. */
const STACK_MAX = NESTING_MAX + 2;

type Token = ReturnType<Parser["next"]> extends Generator<infer T> ? T : never;

/** Never throws: what is wrong is in `problems`. */
export function readDocument(
  { path: file, text }: ConfigFile,
  budget: Budget = fullBudget(),
): ConfigDocument {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const tree = read();
  return { file, tree, problems, place };

  function read(): Tree | undefined {
    lines.addNewLine(0);
    // YAML 1.2 section 5.1; also keeps them out of every message and line that is made of the text.
    const control = /[^\t\n\r\x20-\x7e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(
      text,
    );
    const tokens = readTokens();
    if (control !== null) {
      problem(control.index, `control character ${escapeControls(control[0])}`, "printable text");
    }
    if (problems.length > 0 || tokens === undefined) return undefined;
    const [document, second] = compose(tokens);
    if (problems.length > 0 || document === undefined) return undefined;
    if (second !== undefined) problem(second.range[0], "a second document begins", "one document");
    if (document.contents === null) {
      problem(0, "the file is empty", "at least one service");
      return undefined;
    }
    const { tree: grown, mistakes, isWhole } = growTree(document, budget);
    for (const { path, offset, message, allowed, earlierOffset } of mistakes) {
      const earlier =
        earlierOffset === undefined ? "" : `, first at line ${lines.linePos(earlierOffset).line}`;
      problem(offset, message + earlier, allowed, path);
    }
    return isWhole ? grown : undefined;
  }

  function readTokens(): Token[] | undefined {
    const parser = new Parser(lines.addNewLine);
    const tokens: Token[] = [];
    for (const lexeme of new Lexer().lex(text)) {
      tokens.push(...parser.next(lexeme));
      budget.lexemesLeft -= 1;
      // Offsets of deep stacks are wrong in the parser: the line that is being read is right.
      if (parser.stack.length > STACK_MAX) {
        problem(lines.lineStarts.at(-1) ?? 0, "nested too deeply", `at most ${NESTING_MAX} levels`);
        return undefined;
      }
      if (budget.lexemesLeft < 0) {
        const allowed = `at most ${LEXEMES_MAX} words and signs in all files`;
        problem(lines.lineStarts.at(-1) ?? 0, "too much text", allowed);
        return undefined;
      }
    }
    tokens.push(...parser.end());
    for (const token of tokens) {
      if (token.type === "directive") {
        problem(token.offset, "a directive", "YAML 1.2 without directives");
      }
    }
    return tokens;
  }

  function compose(tokens: Token[]): Document.Parsed[] {
    // Keys are compared by `growTree`; the composer's own way is quadratic.
    const composer = new Composer({ version: "1.2", uniqueKeys: false, logLevel: "silent" });
    const documents = [];
    for (const document of composer.compose(tokens, true, text.length)) {
      documents.push(document);
      for (const { pos, message } of document.errors) {
        const isNews = problems.at(-1)?.line !== position(pos[0]).line;
        if (isNews && problems.length < SYNTAX_PROBLEMS_MAX) {
          problem(pos[0], `no YAML: ${wordSyntaxError(message)}`, "YAML 1.2");
        }
      }
      if (problems.length > 0 || documents.length > 1) break;
    }
    return documents;
  }

  function problem(offset: number, message: string, allowed: string, path: Path = []): void {
    const { line, column } = position(offset);
    problems.push({ file, line, column, path: formatPath(path), message, allowed });
  }

  function place(path: Path, at: "key" | "value" = "value"): ReturnType<ConfigDocument["place"]> {
    if (tree === undefined) return { file, line: 1, column: 1 };
    const { tree: found } = treeAt(tree, path);
    const isLeaf = found.children.size === 0 && typeof found.value !== "object";
    const offset =
      (at === "key" || !isLeaf) && found.keyOffset >= 0 ? found.keyOffset : found.offset;
    return { file, ...position(offset) };
  }

  function position(offset: number): { line: number; column: number } {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** The parser's own words, on one line and bounded. */
function wordSyntaxError(message: string): string {
  const first = message.split("\n", 1)[0] ?? "";
  return escapeControls(first.slice(0, 160));
}
