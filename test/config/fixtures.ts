/** Configuration files of the tests, and their expected results beside them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository, seen from the compiled test. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A configuration on the disk. */
export interface Fixture {
  readonly name: string;
  /** Of the main file. */
  readonly path: string;
}

/** `FOLDER/NAME.yaml`, and `FOLDER/NAME/anyctl.yaml` where there are several files. */
export function fixturesOf(kind: "valid" | "invalid"): Fixture[] {
  const folder = `${ROOT}test/config/${kind}`;
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith(".yaml"))
    .map((entry) => ({
      name: entry.name.replace(/\.yaml$/, ""),
      path: `${folder}/${entry.name}${entry.isDirectory() ? "/anyctl.yaml" : ""}`,
    }));
}

/** Compares with the file beside the fixture. `UPDATE_EXPECTED=1` writes it instead: read the diff. */
export function assertExpected(kind: "valid" | "invalid", fileName: string, actual: string): void {
  const path = `${ROOT}test/config/${kind}/${fileName}`;
  if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(path, actual);
  assert.equal(actual, readFileSync(path, "utf8"));
}
