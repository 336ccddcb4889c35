/** docs/configuration.md, made of the schema's descriptions. */
import { CHECK_TYPES } from "../../checks/registry.ts";
import { WELL_KNOWN_COMMUNITIES } from "./community.ts";
import { DURATION_MAX_MS, DURATION_PATTERN, formatDuration } from "./duration.ts";
import { PREPENDS_MAX } from "./limits.ts";
import { jsonSchema, type JsonSchema } from "./json-schema.ts";
import { Judging } from "./schema-check.ts";
import { CheckTiming } from "./schema-timing.ts";

const INTRODUCTION = `# Configuration

\`/etc/anyctl/anyctl.yaml\`, or the file that \`--config FILE\` or \`ANYCTL_CONFIG\` names. YAML 1.2, one document, UTF-8.
Every file \`anyctl.d/*.yaml\` beside it adds services, in the order of the names, and has the key \`services\` only.
\`anyctl config check\` reports all mistakes at once, \`anyctl config show\` prints the file with every default filled in,
\`anyctl config schema\` prints a JSON Schema for editors.

- A duration is a whole number with a unit: \`500ms\`, \`2s\`, \`5m\`, \`1h\`; at most ${formatDuration(DURATION_MAX_MS)}.
- Names of services and checks have 1 to 63 of \`a-z\`, \`0-9\` and hyphens, and do not start with a hyphen.
- An unknown key, a key given twice, a service without a prefix or without a check is an error, and so is a
  configuration without a service.
- A prefix is written without host bits, each once in a service. \`0.0.0.0/0\` and \`::/0\` are refused.
- \`timeout\` is at most \`interval\`. A timeout under 250ms is a warning: on a busy host a healthy service may be slower.
- The next attempt of a check starts when its interval and the attempt before are over.
`;

const WHEN = `A map has any keys of \`announce\`: single values replace those of \`announce\`, lists are added to them. With the
default of \`draining\`, a path has at most ${PREPENDS_MAX} prepends. Services that share a prefix must agree on what is announced in each
state.
`;

const SHARED = `## \`checks.NAME\`

A check that several services share: a \`type\` with its keys and timing, as above. A service names it by \`use\`, with
\`weight\` and \`advisory\` of its own beside it and nothing else. What composition means: [composition.md](composition.md).
`;

/** Generated from the schema: `npm run docs` writes it. */
export function renderReference(): string {
  const root = jsonSchema();
  const service = valuesOf(root, "services");
  const announce = propertyOf(service, "announce");
  const timing = new Set(Object.keys(CheckTiming.shape));
  const [use = {}, typed = {}] = valuesOf(service, "checks").anyOf ?? [];
  const checks = typed.oneOf ?? [];
  const judging = new Set(Object.keys(Judging.shape));
  return [
    "<!-- Generated from the schema in src/config and checks by `npm run docs`. Change the descriptions there. -->",
    INTRODUCTION,
    section("The file", root),
    section("`exabgp`", propertyOf(root, "exabgp")),
    section("`http`", propertyOf(root, "http")),
    section("`defaults`, and the timing of each check", propertyOf(root, "defaults")),
    section("`services.NAME`", service),
    section("`services.NAME.announce`", announce),
    communities(),
    section("`services.NAME.when`", propertyOf(service, "when")),
    WHEN,
    `## \`services.NAME.checks.NAME\`\n\nEvery check has a \`type\`, the keys of its type, and any of ${[
      ...timing,
    ]
      .map((key) => `\`${key}\``)
      .join(", ")} in the place of \`defaults\`, and of these:\n`,
    table(Object.fromEntries([...judging].map((key) => [key, propertyOf(use, key)]))),
    ...Object.keys(CHECK_TYPES).map((type) =>
      checkSection(type, checks, new Set([...timing, ...judging])),
    ),
    SHARED,
    table({ use: propertyOf(use, "use") }),
    section("`maintenance`", propertyOf(root, "maintenance").items ?? {}),
    "Which days and times an expression means, and what becomes of them when clocks change: [maintenance.md](maintenance.md).",
    "",
  ].join("\n");
}

function checkSection(
  type: string,
  checks: readonly JsonSchema[],
  common: ReadonlySet<string>,
): string {
  const schema = checks.find((check) => propertyOf(check, "type").const === type) ?? {};
  const own = Object.entries(schema.properties ?? {}).filter(
    ([key]) => key !== "type" && !common.has(key),
  );
  const text = `What passes and which reasons it reports: [checks/${type}.md](checks/${type}.md).`;
  return `### \`type: ${type}\`\n\n${text}\n\n${table(Object.fromEntries(own))}`;
}

function communities(): string {
  const names = [...WELL_KNOWN_COMMUNITIES].filter(([name]) => name !== "blackhole");
  const rows = names.map(([name, numbers]) => `| \`${name}\` | \`${numbers}\` |`);
  return [
    "Names of communities; ExaBGP is told the numbers. `blackhole` (65535:666) is refused: it hides the service.",
    "",
    "| Name | Community |",
    "|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function section(title: string, schema: JsonSchema): string {
  return `## ${title}\n\n${table(schema.properties ?? {})}`;
}

function table(properties: Readonly<Record<string, JsonSchema>>): string {
  const rows = Object.entries(properties).map(([key, schema]) => {
    const { meaning, fallback } = splitDescription(schema.description ?? "");
    return `| \`${key}\` | ${typeWord(schema)} | ${fallback} | ${meaning} |`;
  });
  return ["| Key | Type | Default | Meaning |", "|---|---|---|---|", ...rows, ""].join("\n");
}

/** A description ends with its default in brackets. */
function splitDescription(description: string): { meaning: string; fallback: string } {
  const groups = /^(?<meaning>.*?)\s*\[(?<fallback>[^[\]]*)\]$/s.exec(description)?.groups;
  const [meaning = description, fallback = ""] = [groups?.["meaning"], groups?.["fallback"]];
  return { meaning: cell(meaning), fallback: cell(fallback) };
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function typeWord(schema: JsonSchema): string {
  const { type, pattern, minimum, maximum, items, additionalProperties } = schema;
  const words = schema.enum ?? ("const" in schema ? [schema.const] : undefined);
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(", ");
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return [...new Set(options.map(typeWord))].join(", or ");
  if (pattern === DURATION_PATTERN.source) return "duration";
  if (type === "integer") return `whole number, ${minimum} to ${maximum}`;
  if (type === "array") {
    const item = typeWord(items ?? {});
    return `list of ${item.includes(",") ? `(${item})` : item}`;
  }
  if (type === "boolean") return "`true`, `false`";
  if (type === "object") {
    const isNamed = typeof additionalProperties === "object";
    return isNamed && additionalProperties.type === "string" ? "map of text to text" : "map";
  }
  return "text";
}

function propertyOf(schema: JsonSchema, key: string): JsonSchema {
  return schema.properties?.[key] ?? {};
}

function valuesOf(schema: JsonSchema, key: string): JsonSchema {
  const values = propertyOf(schema, key).additionalProperties;
  return typeof values === "object" ? values : {};
}
