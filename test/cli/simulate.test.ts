import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

const SERVICES = `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    drain-delay: 10s
    announce: { med: 100 }
    checks:
      udp: { type: tcp, host: 127.0.0.1, port: 9 }
      tcp: { type: tcp, host: 127.0.0.1, port: 9, fall: 2 }
  web:
    scope: local
    prefixes: [192.0.2.0/24]
    announce: { med: 100 }
    checks: { page: { type: tcp, host: 127.0.0.1, port: 9 } }
  mail:
    scope: local
    prefixes: [198.51.100.0/24]
    checks: { port: { type: tcp, host: 127.0.0.1, port: 9, fast-interval: 100ms } }
`;

function simulate(context: TestContext, ...argv: string[]) {
  const { configPath } = makePop(context, SERVICES);
  return run(["simulate", ...argv, "--config", configPath]);
}

describe("simulate", () => {
  it("up and down again, at the paces of the configuration", async (context) => {
    const { status, out, err } = await simulate(
      context,
      "--service",
      "mail",
      "--results",
      "SPSFFIF",
    );
    assert.deepEqual([status, err], [0, ""]);
    assert.equal(
      out,
      `0.000s  port pass, unknown 1/3
0.100s  port pass, unknown 2/3
0.200s  port pass, up
0.200s  = mail starting -> up (all-checks-up)
0.200s  > announce route 198.51.100.0/24 next-hop self
1.200s  port fail, up 1/3
1.300s  port fail, up 2/3
1.400s  port inconclusive, up 2/3
1.500s  port fail, down
1.500s  = mail up -> down (check-down)
1.500s  > withdraw route 198.51.100.0/24 next-hop self
`,
    );
  });

  it("waits for min-up-time, to the millisecond, and degrades by advice", async (context) => {
    const { configPath } = makePop(
      context,
      `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    when: { degraded: { med: 500 } }
    min-up-time: 2500ms
    checks:
      port: { type: tcp, host: 127.0.0.1, port: 9, rise: 1 }
      backend: { type: tcp, host: 127.0.0.1, port: 9, rise: 1, fall: 1, advisory: true }
`,
    );
    const argv = ["--service", "dns", "--results", "port=S,backend=SSSSF", "--config", configPath];
    const { status, out, err } = await run(["simulate", ...argv]);
    assert.deepEqual([status, err], [0, ""]);
    assert.deepEqual(
      out.split("\n").filter((line) => /[=>] /.test(line)),
      [
        "0.000s  = dns starting -> rising (min-up-time)",
        "2.500s  = dns rising -> up (all-checks-up)",
        "2.500s  > announce route 192.0.2.0/24 next-hop self",
        "4.000s  = dns up -> degraded (check-degraded)",
        "4.000s  > announce route 192.0.2.0/24 next-hop self med 500",
      ],
    );
  });

  it("checks that disagree, and a prefix that is shared", async (context) => {
    const { out } = await simulate(context, "--service", "dns", "--results", "tcp=SSSFF");
    assert.equal(
      out,
      `# 192.0.2.0/24: as while web, which shares it, is up
0.000s  tcp pass, unknown 1/3
0.500s  tcp pass, unknown 2/3
1.000s  tcp pass, up
1.000s  = dns starting -> up (all-checks-up)
1.000s  > announce route 192.0.2.0/24 next-hop self med 100
2.000s  tcp fail, up 1/2
2.500s  tcp fail, down
2.500s  = dns up -> down (check-down)
2.500s  > withdraw route 192.0.2.0/24 next-hop self med 100
`,
    );
  });

  it("a drain with its stage, for programs", async (context) => {
    const drain = ["--drain-at", "1500ms", "--undrain-at", "20s"];
    const { out } = await simulate(
      context,
      "--service",
      "dns",
      "--results",
      "SSS",
      "--json",
      ...drain,
    );
    const happenings = JSON.parse(out) as Record<string, unknown>[];
    const lines = happenings
      .filter(({ type }) => type !== "result")
      .map((one) => {
        return `${String(one["atMs"])} ${String(one["to"] ?? one["line"])}`;
      });
    assert.deepEqual(lines, [
      "1000 up",
      "1000 announce route 192.0.2.0/24 next-hop self med 100",
      "1500 draining",
      "1500 announce route 192.0.2.0/24 next-hop self med 100 community [ 65535:0 ]",
      "11500 drained",
      "11500 withdraw route 192.0.2.0/24 next-hop self med 100 community [ 65535:0 ]",
      "20000 starting",
    ]);
  });

  it("takes as many results as allowed, and ends with a drain of a week", async (context) => {
    const many = await simulate(context, "--service", "mail", "--results", "SF".repeat(5000));
    assert.equal(many.out.split("\n").length, 10_001);
    const week = ["--drain-at", "1s", "--undrain-at", "168h"];
    const { out } = await simulate(context, "--service", "dns", "--results", "udp=SSS", ...week);
    assert.match(out, /604800\.000s {2}= dns drained -> starting/);
  });

  const wrong = [
    { argv: ["--results", "S"], status: 2, error: /^Missing --service/ },
    { argv: ["--service", "dns"], status: 2, error: /^Missing --results/ },
    { argv: ["--service", "dns", "--results", "SSX"], status: 2, error: /"SSX": must be letters/ },
    { argv: ["--service", "dns", "--results", "sss"], status: 2, error: /must be letters S or P/ },
    {
      argv: ["--service", "dns", "--results="],
      status: 2,
      error: /"": must be letters/,
    },
    {
      argv: ["--service", "dns", "--results", "udp="],
      status: 2,
      error: /"udp=": must be letters/,
    },
    { argv: ["--service", "dns", "--results", "udp=S,udp=F"], status: 2, error: /each check once/ },
    { argv: ["--service", "dns", "--results", "S,udp=F"], status: 2, error: /each check once/ },
    {
      argv: ["--service", "dns", "--results", "\u001b[2J\n"],
      status: 2,
      error: /"\\u001b\[2J\\n"/,
    },
    {
      argv: ["--service", "dns", "--results", "S".repeat(10_001)],
      status: 2,
      error: /"S{40}\.\.\.": at most 10000 results/,
    },
    { argv: ["--service", "dns", "--results", "x".repeat(100_000)], status: 2, error: /at most/ },
    { argv: ["--service", "DNS", "--results", "S"], status: 2, error: /name of a service/ },
    { argv: ["--service", "dsn", "--results", "S"], status: 1, error: /there are: dns, web, mail/ },
    { argv: ["--service", "dns", "--results", "a=S"], status: 1, error: /there are: udp, tcp/ },
    {
      argv: ["--service", "dns", "--results", "S", "--drain-at", "5"],
      status: 2,
      error: /^Cannot use --drain-at "5": must be a duration/,
    },
    {
      argv: ["--service", "dns", "--results", "S", "--drain-at", "5s", "--undrain-at", "5s"],
      status: 2,
      error: /must be later than --drain-at/,
    },
    {
      argv: ["--service", "dns", "--results", "S", "--undrain-at", "5s"],
      status: 2,
      error: /must be later than --drain-at/,
    },
  ];
  for (const { argv, status, error } of wrong) {
    it(`${argv.join(" ").slice(0, 60)}: ${status}`, async (context) => {
      const refused = await simulate(context, ...argv);
      assert.deepEqual([refused.status, refused.out], [status, ""]);
      assert.match(refused.err.replace("anyctl: ", ""), error);
      assert.match(refused.err, /^[\x20-\x7e]{1,400}\n$/);
    });
  }
});
