/** `anyctl agent`, for whoever types it by hand: bin/anyctl starts the agent itself, without all this. */
import { defineCommand } from "../command.ts";
import { CommandError } from "../exit.ts";

export const command = defineCommand({
  signature: "agent",
  describe:
    "Run by ExaBGP, not by hand: probes the services, announces and withdraws their prefixes",
  positionals: {},
  options: {
    "log-level": {
      type: "string",
      requiresArg: true,
      choices: ["trace", "debug", "info", "warn", "error", "fatal"],
      defaultDescription: "info",
      describe: "How much is logged; `debug` shows every result",
    },
  },
  examples: [["agent --config /etc/anyctl/anyctl.yaml", "In exabgp.conf, as below"]],
  notes: `Its standard output is for ExaBGP and carries commands only; it reads ExaBGP's answers from its
standard input, and logs to standard error. In exabgp.conf:

  process anyctl { run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml; encoder json; }
  neighbor ... { ... api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } } }

SIGHUP reloads the configuration. SIGTERM ends it, and ExaBGP starts it again; no route is touched.`,
  run() {
    throw new CommandError(
      "usage",
      'Cannot start the agent so: "agent" must be the first argument',
    );
  },
});
