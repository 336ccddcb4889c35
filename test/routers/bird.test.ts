/** BIRD as the upstream; it also keeps every message as it was on the wire. Needs root. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parseMrt } from "../lab/mrt.ts";
import { assertExpected, GOLDEN_SERVICES, goldenPrefixes } from "./golden.ts";
import { testRouter } from "./one-router.ts";

/** Octets of one member of each attribute that is a set: 4.2 and 5.0 sort them differently. */
const MEMBER_OCTETS = new Map([
  [8, 4],
  [16, 8],
  [32, 12],
]);

function inOrder(code: number, hex: string): string {
  const octets = MEMBER_OCTETS.get(code);
  if (octets === undefined) return hex;
  return (hex.match(new RegExp(`.{${2 * octets}}`, "g")) ?? []).toSorted().join("");
}

testRouter("bird", (session, link) => {
  test("heard exactly these octets", () => {
    const updates = parseMrt(readFileSync(join(dirname(link().router.logFile), "bird.mrt")));
    const lines = GOLDEN_SERVICES.flatMap((service) => [
      `# ${service}`,
      ...Object.values(goldenPrefixes(service)).map((prefix) => {
        const told = updates.filter((it) => it.prefix === prefix);
        const attributes = told.map((it) =>
          [...it.attributes]
            .toSorted(([a], [b]) => a - b)
            .map(([code, hex]) => `${code}:${inOrder(code, hex)}`),
        );
        return [prefix, ...attributes.map((it) => it.join(" "))].join(" ");
      }),
    ]);
    assertExpected(`${session}-wire.txt`, `${lines.join("\n")}\n`);
  });
});
