import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { runTranscript } from "./transcript.ts";

const folder = new URL("../../../test/transcripts/", import.meta.url);

describe("transcripts (rewritten by UPDATE_TRANSCRIPTS=1, judged in the diff)", () => {
  for (const name of readdirSync(folder).toSorted()) {
    it(name, () => {
      const expected = readFileSync(new URL(name, folder), "utf8");
      const actual = runTranscript(expected);
      if (process.env["UPDATE_TRANSCRIPTS"] === "1") writeFileSync(new URL(name, folder), actual);
      else assert.equal(actual, expected);
    });
  }
});
