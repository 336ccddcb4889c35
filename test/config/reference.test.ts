import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { z } from "zod";
import { parse } from "yaml";
import { CHECK_TYPES } from "../../checks/registry.ts";
import { jsonSchema, type JsonSchema } from "../../src/config/json-schema.ts";
import { renderReference } from "../../src/config/reference.ts";
import { fixturesOf, ROOT } from "./fixtures.ts";

test("docs/configuration.md is what the schema says (npm run docs)", () => {
  assert.equal(readFileSync(`${ROOT}docs/configuration.md`, "utf8"), renderReference());
});

test("every key has a meaning and a default", () => {
  const keys = [...keysOf(jsonSchema(), "")];
  assert.ok(keys.length > 40, `only ${keys.length} keys were found`);
  for (const { path, description } of keys) {
    if (path.endsWith(".type")) continue;
    assert.match(description, /^[A-Z`].*[^.]\. \[[^[\]]+\]$/s, `${path}: ${description}`);
  }
});

test("every check type has its section", () => {
  for (const type of Object.keys(CHECK_TYPES)) {
    assert.ok(renderReference().includes(`### \`type: ${type}\``));
  }
});

test("the JSON Schema has a name and closed maps", () => {
  const schema = jsonSchema();
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.equal(schema.$id, "urn:anyctl:config");
  assert.equal(schema.title, "anyctl.yaml");
  assert.equal(schema.additionalProperties, false);
});

const fromJson = z.fromJSONSchema(JSON.parse(JSON.stringify(jsonSchema())));

for (const { name, path } of fixturesOf("valid")) {
  test(`the JSON Schema accepts valid/${name}`, () => {
    assert.deepEqual(fromJson.safeParse(parse(readFileSync(path, "utf8"))).error, undefined);
  });
}

// What a schema without rules can see.
for (const name of [
  "unknown-keys",
  "wrong-types",
  "names",
  "rise-and-fall",
  "on-stall",
  "check-type",
  "empty-services",
  "announce-numbers",
  "durations",
]) {
  test(`the JSON Schema refuses invalid/${name}`, () => {
    const text = readFileSync(`${ROOT}test/config/invalid/${name}.yaml`, "utf8");
    assert.equal(fromJson.safeParse(parse(text)).success, false);
  });
}

function* keysOf(
  schema: JsonSchema,
  path: string,
): Generator<{ path: string; description: string }> {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    yield { path: `${path}.${key}`, description: property.description ?? "" };
    yield* keysOf(property, `${path}.${key}`);
  }
  for (const option of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    yield* keysOf(option, path);
  if (typeof schema.additionalProperties === "object")
    yield* keysOf(schema.additionalProperties, `${path}.NAME`);
}
