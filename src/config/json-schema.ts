/** The schema of `anyctl.yaml` for editors and other tools. */
import { z } from "zod";
import { Config } from "./schema.ts";

/** The parts of JSON Schema that ours is made of. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: JsonSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly additionalProperties?: boolean | JsonSchema;
}

/**
 * JSON Schema 2020-12 of what may be written. Rules between keys, and what is inside a prefix or an address, are not
 * in it: `anyctl config check` is stricter.
 */
export function jsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(Config, {
    io: "input",
    target: "draft-2020-12",
    override({ zodSchema, jsonSchema: written }) {
      // JSON Schema's patterns have no flags: without its `i` a pattern would refuse what is right.
      if (ignoresCase(zodSchema)) delete written.pattern;
    },
  });
  const head = {
    $schema: schema.$schema,
    $id: "urn:anyctl:config",
    title: "anyctl.yaml",
    description: "Configuration of anyctl, the health-check agent for anycast with ExaBGP.",
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test reads it with a reader of JSON Schema
  return { ...head, ...schema } as JsonSchema;
}

// oxlint-disable no-underscore-dangle -- zod's own name for what a schema is made of
function ignoresCase(schema: z.core.$ZodType): boolean {
  return (schema._zod.def.checks ?? []).some(({ _zod: { def } }) => {
    return "pattern" in def && def.pattern instanceof RegExp && def.pattern.ignoreCase;
  });
}
