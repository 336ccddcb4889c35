/** Any value as a route: a line of the grammar, or a RouteError. */
import assert from "node:assert/strict";
import {
  encodeAnnounce,
  encodeWithdraw,
  isCommandLine,
  normalizeRoute,
  RouteError,
  type Route,
} from "exabgp-ts-bridge";
import { waitingTarget } from "../target.ts";
import { toldBy } from "../command-line.ts";
import { anyRoute } from "../routes.ts";
import { listedBy } from "../listed.ts";

export const ROUTE = waitingTarget(
  "route",
  "any value is a RouteError or one clean line, which listed by ExaBGP is the same route again",
  () => {
    const reached = { written: 0, refused: 0, listed: 0 };
    return {
      reached,
      input: anyRoute,
      async attempt(value) {
        let lines: [string, string];
        try {
          lines = [encodeAnnounce(value as Route), encodeWithdraw(value as Route)];
        } catch (error) {
          assert.ok(error instanceof RouteError, String(error));
          assert.match(error.message, /^[\x20-\x7e]{1,400}$/);
          reached.refused += 1;
          return;
        }
        reached.written += 1;
        const { neighbors: _, ...route } = normalizeRoute(value as Route);
        for (const line of lines) {
          assert.ok(isCommandLine(line), line);
          assert.deepEqual(toldBy(line)?.prefixes, [route.prefix]);
        }
        assert.equal(toldBy(lines[0])?.verb, "announce");
        assert.equal(toldBy(lines[1])?.verb, "withdraw");
        const listed = await listedBy(lines[0]);
        if (listed === undefined) return;
        reached.listed += 1;
        assert.deepEqual(listed, route);
      },
    };
  },
);
