/**
 * exabgp.conf as ExaBGP 4.2 and 5.0 understand it, as far as anyctl asks: processes and neighbors, with lines.
 * Nothing is run, looked up or opened. What is not known is left alone: ExaBGP's own `--test` judges it.
 */
import { neighborOf, type NeighborConf } from "./neighbor.ts";
import { firstWord, isOn, listOf, settingsOf, type Setting } from "./setting.ts";
import { statementsOf, type Statement } from "./statements.ts";

export interface ExabgpConf {
  readonly processes: readonly ProcessConf[];
  readonly neighbors: readonly NeighborConf[];
}

export interface ProcessConf {
  readonly name: string;
  readonly line: number;
  /** Absent where there is no `run`. */
  readonly run?: RunConf;
  readonly encoder?: Setting;
  /** ExaBGP's default is true. */
  readonly respawns: boolean;
}

export interface RunConf {
  readonly line: number;
  readonly argv: readonly string[];
  readonly hasQuotes: boolean;
}

/** @throws {ExabgpConfError} For what cannot be a configuration of ExaBGP. */
export function readExabgpConf(text: string): ExabgpConf {
  const statements = statementsOf(text);
  const templates = new Map(
    blocks(statements, "template")
      .flatMap(({ block = [] }) => blocks(block, "neighbor"))
      .map((template) => [firstWord(template), template]),
  );
  return {
    processes: blocks(statements, "process").map(processOf),
    neighbors: blocks(statements, "neighbor").map((one) => neighborOf(one, templates)),
  };
}

/** ExaBGP wants lists in brackets, and takes each statement of a process once. */
function processOf({ words, line, block = [] }: Statement): ProcessConf {
  const settings = settingsOf(block);
  const run = block.findLast(({ name }) => name === "run");
  const encoder = settings.get("encoder");
  const respawn = settings.get("respawn");
  return {
    name: words[0]?.text ?? "",
    line,
    ...(run !== undefined && {
      run: {
        line: run.line,
        argv: listOf(run),
        hasQuotes: run.words.some(({ isQuoted, text }) => isQuoted || text.includes("'")),
      },
    }),
    ...(encoder !== undefined && { encoder }),
    respawns: respawn === undefined || isOn(respawn),
  };
}

function blocks(statements: readonly Statement[], wanted: string): Statement[] {
  return statements.filter(({ name, block }) => name === wanted && block !== undefined);
}
