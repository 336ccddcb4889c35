/** anyctl.yaml: what was answered, what is advised, and why. */
import { presetIn, type Answers } from "./answers.ts";
import { namedChecks } from "./check-spec.ts";

/** All texts are written as JSON, which is YAML 1.2 too: none can be more than a value. */
export function anyctlText(answers: Answers): string {
  const { name, hints } = presetIn(answers);
  const { pop = [], service = [], prefix = [], check = [], scope = [] } = answers;
  const checks = Object.entries(namedChecks(check));
  const scopeLines =
    scope[0] === "local"
      ? [
          "    # Allows prefixes that the Internet does not take: private, documentation, longer than /24 and /48.",
          "    scope: local",
        ]
      : [];
  const watchLines = checks.some(([, spec]) => "watch" in spec)
    ? [
        "      # watch: the agent keeps one connection open, hears the service die, and probes at once. Leave it out",
        "      # where an idle connection occupies a worker of the service.",
      ]
    : [];
  const lines = [
    `# Written by \`anyctl init --preset ${name}\`. Every key: docs/configuration.md.`,
    "# After a change: anyctl config check, anyctl config diff, anyctl reload.",
    `pop: ${flow(pop[0])}`,
    "services:",
    `  ${flow(service[0])}:`,
    `    prefixes: ${flow(prefix)}`,
    ...scopeLines,
    ...hints.map((hint) => `    # ${hint}`),
    "    # A service that flaps leaves at once each time, and comes back only when no router upstream would damp it:",
    "    # after 60 s the first time in 2 h, 25 min after each further one. `hold: none` brings it back at once.",
    "    hold: damping-safe",
    "    checks:",
    ...watchLines,
    ...checks.map(([checkName, spec]) => `      ${flow(checkName)}: ${flow(spec)}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** `{ type: "tcp", port: 80 }`; plain words need no quotes. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${flow(entry)}`);
    return `{ ${entries.join(", ")} }`;
  }
  if (typeof value === "string" && isPlain(value)) return value;
  return JSON.stringify(value);
}

/** A word that YAML takes for nothing but text. */
function isPlain(text: string): boolean {
  return (
    /^[a-z][a-z-]*[a-z0-9-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/.test(text)
  );
}
