import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import type { z } from "zod";
import type { Status } from "../../src/control/protocol.ts";
import { renderStatusSchema, StatusSchema } from "../../src/control/status-schema.ts";
import { STATUS } from "./fixtures.ts";

/** Both types as JSON knows them: what may be undefined may be absent, and nothing is read-only. */
type Told<T> = T extends readonly (infer Item)[]
  ? Told<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]?: Told<T[Key]> | undefined }
    : T;
type Keys<T> = T extends readonly (infer Item)[]
  ? Keys<Item>
  : T extends object
    ? { [Key in keyof T & string]: Key | `${Key}.${Keys<Exclude<T[Key], undefined>>}` }[keyof T &
        string]
    : never;
type Missing = Exclude<Keys<Status>, Keys<z.infer<typeof StatusSchema>>>;
type Surplus = Exclude<Keys<z.infer<typeof StatusSchema>>, Keys<Status>>;

it("docs/status.schema.json is what the schema says (npm run docs)", () => {
  const file = new URL("../../../docs/status.schema.json", import.meta.url);
  assert.equal(readFileSync(file, "utf8"), renderStatusSchema());
});

it("the schema has every key of a status, of its type, and no other", () => {
  // The compiler finds what differs: these lists are empty types.
  const missing: Missing[] = [];
  const surplus: Surplus[] = [];
  const check = (status: Told<Status>): Told<z.infer<typeof StatusSchema>> => status;
  assert.deepEqual([...missing, ...surplus], []);
  assert.equal(check(STATUS as never), STATUS);
  const none: [Missing, Surplus] extends [never, never] ? true : false = true;
  assert.ok(none);
});

it("a status fits, and one with another key does not", () => {
  const told = JSON.parse(JSON.stringify(STATUS)) as object;
  StatusSchema.parse(told);
  assert.equal(StatusSchema.safeParse({ ...told, more: 1 }).success, false);
});
