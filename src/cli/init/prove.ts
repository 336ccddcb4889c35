/** Nothing is written that the programs which will read it refuse. */
import { accessSync, constants } from "node:fs";
import { ConfigError, formatProblem, parseConfig } from "../../config/load.ts";
import { CommandError } from "../exit.ts";
import { printable } from "../printable.ts";
import { judgeByExabgp } from "./exabgp-check.ts";
import { EXABGP_CONF, type PlannedFile, type Places } from "./files.ts";
import { HIDDEN } from "./md5.ts";

/** Lines of ExaBGP's words that help. */
const LINES_MAX = 12;

/**
 * @param secret Is hidden in what ExaBGP says.
 * @returns What was proved, and what could not be, for the operator.
 * @throws {CommandError} `refused`
 */
export async function prove(
  files: readonly PlannedFile[],
  { anyctl, config }: Places,
  {
    path,
    secret,
    interruption,
  }: {
    readonly path: string | undefined;
    readonly secret: string | undefined;
    readonly interruption: AbortSignal;
  },
): Promise<string[]> {
  const textOf = (wanted: string): string => files.find((file) => file.path === wanted)?.text ?? "";
  try {
    parseConfig([{ path: config, text: textOf(config) }]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [problem] = error.problems;
    const why = problem === undefined ? error.message : formatProblem(problem);
    throw new CommandError("refused", `Cannot use these answers: ${why}`, error);
  }
  const notes: string[] = [];
  const isThere = mayRun(anyctl);
  if (!isThere) notes.push(`${anyctl} is not here yet: ExaBGP cannot start before it is`);
  // ExaBGP looks for the program; in place of one that is not there, it finds this one.
  const conf = textOf(EXABGP_CONF);
  const judged = isThere ? conf : conf.replace(`run ${anyctl} `, `run ${process.execPath} `);
  const judgement = await judgeByExabgp(judged, path, interruption);
  if (interruption.aborted) throw new CommandError("refused", "Interrupted: nothing was written");
  switch (judgement.outcome) {
    case "valid":
      return [...notes, `ExaBGP ${judgement.version} finds exabgp.conf valid`];
    case "skipped":
      return [...notes, `exabgp.conf was not given to ExaBGP's own check: ${judgement.why}`];
    case "invalid": {
      const said =
        secret === undefined ? judgement.said : judgement.said.replaceAll(secret, HIDDEN);
      const lines = said.split("\n").filter((line) => line.trim() !== "");
      const shown = lines.slice(-LINES_MAX).map((line) => `\n  ${printable(line)}`);
      const what = `ExaBGP ${judgement.version} refuses the exabgp.conf: nothing was written`;
      throw new CommandError("refused", what + shown.join(""));
    }
  }
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
