// The command line that is read without yargs is read as yargs does.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nameOf, type Command } from "../../src/cli/command.ts";
import { loadAllCommands } from "../../src/cli/commands.ts";
import { CommandError } from "../../src/cli/exit.ts";
import { parseQuickly } from "../../src/cli/quick-parse.ts";
import { parse } from "../../src/cli/yargs-line.ts";

interface Target {
  readonly command: Command;
  readonly subcommand: Command | undefined;
}

interface Line extends Target {
  readonly argv: readonly string[];
}

/** What yargs makes of the same, without its own keys; undefined where it finds a mistake. */
async function byYargs({ argv, command, subcommand }: Line): Promise<object | undefined> {
  try {
    const { args, command: chosen } = await parse(argv, command, subcommand);
    assert.equal(chosen, subcommand ?? command);
    const entries = Object.entries(args).filter(([key]) => key !== "_" && key !== "$0");
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

async function allTargets(): Promise<Target[]> {
  return (await loadAllCommands()).flatMap((command): readonly Target[] =>
    command.subcommands === undefined
      ? [{ command, subcommand: undefined }]
      : command.subcommands.map((subcommand) => ({ command, subcommand })),
  );
}

/** As `checkOptions` lets them through: own options, none twice, no boolean with a value. */
function lineOf(target: Target): fc.Arbitrary<Line> {
  const { command, subcommand } = target;
  const options = { ...command.options, ...subcommand?.options, config: { type: "string" } };
  const value = fc.oneof(
    fc.constantFrom(
      "5",
      "0x10",
      "dns",
      "true",
      "false",
      "a b",
      "",
      " ",
      "é",
      "-",
      "--all",
      "1e3",
      "null",
    ),
    fc.string({ maxLength: 6 }),
  );
  const option = fc
    .tuple(fc.constantFrom(...Object.entries(options)), value, fc.boolean())
    .map(([[name, { type }], text, isJoined]) => {
      if (type === "boolean") return [`--${name}`];
      return isJoined ? [`--${name}=${text}`] : [`--${name}`, text];
    });
  const word = fc.oneof(
    fc.constantFrom("dns", "web", "5", "true", "", "web"),
    fc.string({ maxLength: 4 }),
  );
  const rest = fc.array(
    fc.oneof(
      option,
      word.map((one) => [one]),
    ),
    { maxLength: 5 },
  );
  const names = [command, ...(subcommand === undefined ? [] : [subcommand])].map(nameOf);
  return rest
    .map((parts) => ({ ...target, argv: [...names, ...parts.flat()] }))
    .filter(({ argv }) => {
      const hyphened = argv
        .filter((one) => one.startsWith("-"))
        .map((one) => one.split("=", 1)[0] ?? "");
      const known = new Set(Object.keys(options).map((name) => `--${name}`));
      return hyphened.every((one) => known.has(one)) && new Set(hyphened).size === hyphened.length;
    });
}

describe("parseQuickly", () => {
  it("says what yargs says, or nothing, whatever is typed", async () => {
    const targets = await allTargets();
    let quick = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets).chain(lineOf), async (line) => {
        const args = parseQuickly(line.argv, line.command, line.subcommand);
        if (args === undefined) return;
        quick += 1;
        assert.deepEqual({ ...args }, await byYargs(line), JSON.stringify(line.argv));
      }),
      { numRuns: 1000 },
    );
    assert.ok(quick > 200, `only ${quick} of 1000 lines were read`);
  });

  it("reads the examples of every command, so that what people type is quick", async () => {
    const targets = await allTargets();
    const namesOf = ({ command, subcommand }: Target) =>
      [command, ...(subcommand === undefined ? [] : [subcommand])].map(nameOf).join(" ");
    for (const { command, subcommand } of targets) {
      for (const [example] of (subcommand ?? command).examples) {
        const argv = (example.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
        // What stands behind these is the shell's; and the agent does not go this way.
        if (/[|>]/.test(example) || argv[0] === "agent") continue;
        // Some show another command, which goes before or after.
        const shown = targets.find((target) =>
          `${argv.join(" ")} `.startsWith(`${namesOf(target)} `),
        );
        assert.ok(shown !== undefined, example);
        assert.notEqual(parseQuickly(argv, shown.command, shown.subcommand), undefined, example);
      }
    }
  });
});
