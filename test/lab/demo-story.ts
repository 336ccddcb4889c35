/** The steps of `npm start`: a crash and a drain, seen from the clients and from the routers. */
import type { AuditLine } from "./audit-line.ts";
import type { Answer } from "./client.ts";
import { momentsOfDecision, writeMsOf } from "./decision-moments.ts";
import type { Screen } from "./demo-screen.ts";
import { ANYCAST, type Pop, SERVICE } from "./pop.ts";
import { POP_SESSION } from "./region.ts";
import { timeline } from "./timeline.ts";
import type { Region, Topology } from "./topology.ts";
import { waitUntil } from "./wait.ts";

/** Long enough for a machine that is busy with other things. */
const PATIENCE = { deadlineMs: 20_000 };

export async function showWhoAnswers({ regions }: Topology, screen: Screen): Promise<void> {
  const rows = await Promise.all(
    Object.values(regions).map(async ({ name, client }) => [
      `client in ${name}`,
      wordOf(await client.get(ANYCAST.ipv4.url)),
      wordOf(await client.get(ANYCAST.ipv6.url)),
    ]),
  );
  screen.table([["", "IPv4", "IPv6"], ...rows], ["dim", "bold", "bold"]);
}

/** Kills a region's nginx, prints what happened when, and brings it back. */
export async function crash(topology: Topology, region: Region, screen: Screen): Promise<void> {
  const { pop, transit, client } = region;
  screen.step(`${pop.name}: nginx is killed`);
  const decisionsBefore = pop.audit().length;
  const elsewhere = firstAnswerFromElsewhere(region);
  const faultAtMs = await pop.web.kill();
  const [answer, withdrawn, decision] = await Promise.all([
    elsewhere,
    transit.waitForEvent(
      { kind: "withdrawn", session: POP_SESSION.ipv4, prefix: ANYCAST.ipv4.prefix },
      { ...PATIENCE, sinceMs: faultAtMs },
    ),
    waitForDecision(pop, decisionsBefore),
  ]);
  const { moments, writtenAtMs, doneAtMs } = momentsOfDecision(decision, writeMsOf(pop, decision));
  const rows = timeline([
    { atMs: faultAtMs, who: "nginx", what: "killed: SIGKILL to master and workers" },
    ...moments,
    { atMs: withdrawn.atMs, who: "BIRD", what: `${transit.name} lost ${ANYCAST.ipv4.prefix}` },
    { atMs: answer.atMs, who: "client", what: `${client.name} is answered by ${wordOf(answer)}` },
  ]);
  screen.table(
    [
      ["ms", "step", "who", "what"],
      ...rows.map((row) => [
        row.sinceFaultMs.toFixed(1),
        `+${row.stepMs.toFixed(1)}`,
        row.who,
        row.what,
      ]),
    ],
    ["bold", "dim", "magenta"],
  );
  const [detection, exabgp, routers] = [
    writtenAtMs - faultAtMs,
    doneAtMs - writtenAtMs,
    answer.atMs - doneAtMs,
  ].map((ms) => `${Math.max(0, ms).toFixed(0)} ms`);
  screen.line(
    `   Detection took ${detection}, ExaBGP ${exabgp}, the routers and the client ${routers}.`,
  );
  await showWhoAnswers(topology, screen);

  screen.step(`${pop.name}: nginx is back`);
  await pop.web.start();
  await topology.waitUntilAtHome(PATIENCE);
  await showWhoAnswers(topology, screen);
}

/** Drains a region's PoP in two stages by the real CLI, asks why, and ends the drain. */
export async function drain(topology: Topology, region: Region, screen: Screen): Promise<void> {
  const { pop, transit, client } = region;
  screen.step(`${pop.name}: drained by an operator`);
  const reason = "rack move, CHG-1234";
  await runCli(pop, screen, "drain", SERVICE, "--graceful", "2s", "--reason", reason);
  await runCli(pop, screen, "why", SERVICE);
  await Promise.all([
    transit.waitForNoRoute(ANYCAST.ipv4.prefix, POP_SESSION.ipv4, PATIENCE),
    transit.waitForNoRoute(ANYCAST.ipv6.prefix, POP_SESSION.ipv6, PATIENCE),
  ]);
  await waitUntil(
    `${client.name} to be answered from elsewhere`,
    async () => {
      const answers = [await client.get(ANYCAST.ipv4.url), await client.get(ANYCAST.ipv6.url)];
      return answers.every((it) => "by" in it && it.by !== pop.name) ? true : undefined;
    },
    PATIENCE,
  );
  await showWhoAnswers(topology, screen);

  screen.step(`${pop.name}: the drain ends`);
  await runCli(pop, screen, "undrain", SERVICE);
  await topology.waitUntilAtHome(PATIENCE);
  await showWhoAnswers(topology, screen);
}

/** What the agents say about it. */
export async function showRecords({ regions }: Topology, screen: Screen): Promise<void> {
  screen.step("What an operator sees");
  await runCli(regions.fra.pop, screen, "status");
  screen.step("What is written down: the audit records of all PoPs");
  const lines = Object.values(regions).flatMap(({ pop }) => pop.audit());
  const ordered = lines.toSorted((a, b) => a.at.localeCompare(b.at));
  for (const line of ordered) {
    const { at, pop, from = "new", to = "", reason, actor, note, evidence } = line;
    const subject = line.service ?? `session ${line.neighbor ?? ""}`;
    const why = [reason, evidence, note].filter((it) => it !== undefined).join("; ");
    screen.line(`   ${at}  ${pop}  ${subject}  ${from} -> ${to}  ${actor}  ${why}`);
    for (const command of line.commands) {
      screen.line(`      ${command}: ${line.ack ?? "no answer"} after ${line.ackMs ?? "?"} ms`);
    }
  }
}

/** Runs the CLI and shows it as typed. */
async function runCli(pop: Pop, screen: Screen, ...args: readonly string[]): Promise<void> {
  const typed = args.map((it) => (/^[\w-]+$/.test(it) ? it : `'${it}'`)).join(" ");
  screen.command(`anyctl ${typed} --config ${pop.configFile}`);
  const { status, stdout, stderr } = await pop.anyctl(...args);
  if (status !== 0) {
    throw new Error(`Cannot run anyctl ${typed}: status ${status}: ${(stderr || stdout).trim()}`);
  }
  for (const line of stdout.trimEnd().split("\n")) screen.line(`   ${line}`);
}

/** Resolves with the first answer from another PoP; asks every 10 ms, as many users would. */
function firstAnswerFromElsewhere({ client, pop }: Region): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(
        new Error(`Cannot reach another PoP from ${client.name} in ${PATIENCE.deadlineMs} ms`),
      );
    }, PATIENCE.deadlineMs);
    const stop = client.watch(ANYCAST.ipv4.url, { everyMs: 10 }, (answer) => {
      if (!("by" in answer) || answer.by === pop.name) return;
      clearTimeout(timer);
      stop();
      resolve(answer);
    });
  });
}

/** The record is written when ExaBGP has answered. */
function waitForDecision(pop: Pop, from: number): Promise<AuditLine> {
  return waitUntil(
    `${pop.name} to write down its decision`,
    () =>
      pop
        .audit()
        .slice(from)
        .find((line) => line.commands.length > 0),
    { ...PATIENCE, hint: pop.exabgp.agentLogFile },
  );
}

function wordOf(answer: Answer): string {
  return "by" in answer ? answer.by : answer.error;
}
