/** `anyctl completion` */
import { defineCommand } from "../command.ts";
import { COMPLETION_SCRIPTS } from "../completion-script.ts";
import { CommandError, EXIT } from "../exit.ts";

const SHELLS = Object.keys(COMPLETION_SCRIPTS);

export const command = defineCommand({
  signature: "completion [shell]",
  describe: "Print a script that makes a shell complete commands, options and names",
  positionals: {
    shell: { type: "string", describe: SHELLS.join(" or ") },
  },
  options: {},
  completes: { shell: "shells" },
  examples: [
    ["completion bash", "Used as: source <(anyctl completion bash)"],
    ["completion zsh", "Used as: source <(anyctl completion zsh), after compinit"],
  ],
  notes: `Names of services come from the running agent, else from the configuration. See docs/completion.md.`,
  run({ shell }, io) {
    const allowed = `allowed: ${SHELLS.join(", ")}`;
    if (shell === undefined) throw new CommandError("usage", `Missing SHELL; ${allowed}`);
    const script = Object.hasOwn(COMPLETION_SCRIPTS, shell) ? COMPLETION_SCRIPTS[shell] : undefined;
    if (script === undefined) {
      const shown = JSON.stringify(shell.slice(0, 80));
      throw new CommandError("usage", `Cannot print a completion for ${shown}; ${allowed}`);
    }
    io.stdout(script);
    return Promise.resolve(EXIT.done);
  },
});
