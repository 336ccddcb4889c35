import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAnswer } from "./bird-control.ts";
import { parseRouterLine } from "./bird-log.ts";
import { parseRoutes, parseSession } from "./bird-routes.ts";

const AT = "2026-11-22 08:07:25.165546";
const AT_MS = Date.parse("2026-11-22T08:07:25.165Z") + 0.546;

describe("a line of BIRD's log", () => {
  const cases = [
    {
      name: "a first route",
      line: "<TRACE> pop4.ipv4 > added [best] 192.0.2.0/24 0L 7G unicast",
      event: { session: "pop4", kind: "announced", prefix: "192.0.2.0/24" },
    },
    {
      name: "a second route to a prefix",
      line: "<TRACE> ams6.ipv6 > added 2001:db8:53::/48 0L 7G unicast",
      event: { session: "ams6", kind: "announced", prefix: "2001:db8:53::/48" },
    },
    {
      name: "a route that BIRD has already",
      line: "<TRACE> pop4.ipv4 > ignored 192.0.2.0/24 0L 7G unicast",
      event: { session: "pop4", kind: "repeated", prefix: "192.0.2.0/24" },
    },
    {
      name: "a withdrawal of the only route",
      line: "<TRACE> pop4.ipv4 > removed [sole] 192.0.2.0/24 0L 7G unicast",
      event: { session: "pop4", kind: "withdrawn", prefix: "192.0.2.0/24" },
    },
    {
      name: "a withdrawal of a route that was not the best",
      line: "<TRACE> ams4.ipv4 > removed 192.0.2.0/24 0L 7G unicast",
      event: { session: "ams4", kind: "withdrawn", prefix: "192.0.2.0/24" },
    },
    {
      name: "a session that is up",
      line: "<TRACE> pop4: State changed to up",
      event: { session: "pop4", kind: "session-up" },
    },
    {
      name: "a session that goes down",
      line: "<TRACE> pop4: State changed to stop",
      event: { session: "pop4", kind: "session-down" },
    },
    {
      name: "what the router tells its kernel",
      line: "<TRACE> kernel4.ipv4 < removed 192.0.2.0/24 0L 7G unicast",
      event: undefined,
    },
    { name: "anything else", line: "<INFO> Started", event: undefined },
  ];
  for (const { name, line, event } of cases) {
    test(name, () => {
      const expected = event === undefined ? undefined : { atMs: AT_MS, ...event };
      assert.deepEqual(parseRouterLine(`${AT} ${line}`), expected);
    });
  }
});

describe("an answer on BIRD's control socket", () => {
  test("two routes to one prefix, the second printed without it", () => {
    const routes = parseRoutes(
      parseAnswer(
        [
          "1007-Table master4:",
          " 192.0.2.0/24         unicast [pop4 2026-11-22 08:07:21.164977] * (100) [AS64496i]",
          " \tvia 10.1.1.2 on pop",
          "1008-\tType: BGP univ",
          "1012-\tBGP.as_path: 64496",
          " \tBGP.med: 100",
          "1007-                     unicast [ams4 2026-11-22 08:07:21.264977] (100) [AS64497i]",
          "1012-\tBGP.as_path: 64602 64497",
          "0000 ",
        ].join("\n"),
      ),
    );
    assert.deepEqual(
      routes.map(({ attributes, ...rest }) => ({ ...rest, ...Object.fromEntries(attributes) })),
      [
        { prefix: "192.0.2.0/24", session: "pop4", isBest: true, as_path: "64496", med: "100" },
        { prefix: "192.0.2.0/24", session: "ams4", isBest: false, as_path: "64602 64497" },
      ],
    );
  });

  test("no route at all", () => {
    assert.deepEqual(parseRoutes(parseAnswer("8001 Network not found\n")), []);
  });

  test("the counters of a session", () => {
    const answer = [
      "1006-  BGP state:          Established",
      "     Route change stats:     received   rejected   filtered    ignored   accepted",
      "       Import updates:              5          0          0          2          3",
      "       Import withdraws:            1          0        ---          0          1",
      "0000 ",
    ].join("\n");
    assert.deepEqual(parseSession(parseAnswer(answer)), {
      isUp: true,
      counters: { announced: 5, repeated: 2, withdrawn: 1 },
    });
  });
});
