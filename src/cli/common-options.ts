/** The options of every command. */
import type { Options } from "yargs";

export const COMMON_OPTIONS = {
  config: {
    type: "string",
    requiresArg: true,
    describe: "Configuration file [ANYCTL_CONFIG, else /etc/anyctl/anyctl.yaml]",
  },
  help: { type: "boolean", describe: "Show help" },
} as const satisfies Readonly<Record<string, Options>>;

/**
 * What is neither an option nor the file of `--config`, the one option that may precede the command: so the first is
 * the command.
 */
export function commandWordsOf(argv: readonly string[]): string[] {
  return argv.filter((word, at) => !word.startsWith("-") && argv[at - 1] !== "--config");
}
