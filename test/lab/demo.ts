/** `npm start`: three PoPs serve one anycast prefix on this machine; one dies, one is drained; traffic moves. */
import { parseArgs } from "node:util";
import { createScreen, type Screen } from "./demo-screen.ts";
import { crash, drain, showRecords, showWhoAnswers } from "./demo-story.ts";
import { demolish } from "./demolish.ts";
import { ANYCAST, SERVICE } from "./pop.ts";
import { readRecords } from "./record.ts";
import { createTopology, type Topology } from "./topology.ts";

const USAGE = `Usage: npm start [-- OPTION]

Starts three regions (fra, ams, nyc) in network namespaces, each with a PoP, a transit router and a client,
kills one PoP's web server, drains another, shows what happened when, and removes everything.

  --stay   leaves the lab running and says which commands to try
  --down   removes a lab that stays
  --help   prints this
`;

async function main(args: readonly string[], screen: Screen): Promise<number> {
  const options = readOptions(args);
  if (options === undefined || options.help) {
    (options === undefined ? process.stderr : process.stdout).write(USAGE);
    return options === undefined ? 2 : 0;
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write("Cannot make network namespaces without root: run sudo npm start\n");
    return 1;
  }
  if (options.down) return removeStayingLabs(screen);

  const startedMs = performance.now();
  screen.step("Starting three regions: BIRD, ExaBGP, anyctl and nginx in each");
  const topology = await createTopology();
  try {
    await topology.waitUntilAtHome();
    screen.line(`   Every client is answered by its own region, on ${ANYCAST.ipv4.prefix} and`);
    screen.line(`   ${ANYCAST.ipv6.prefix}, after ${secondsSince(startedMs)}.`);
    await showWhoAnswers(topology, screen);
    await crash(topology, topology.regions.fra, screen);
    await drain(topology, topology.regions.ams, screen);
    await showRecords(topology, screen);
  } catch (error) {
    await topology.lab.remove({ keepsFiles: true });
    process.stderr.write(`\n${messageOf(error)}\nThe logs are in ${topology.lab.folder}\n`);
    return 1;
  }
  if (options.stay) {
    topology.lab.keep();
    showCommands(topology, screen);
    return 0;
  }
  await topology.lab.remove();
  screen.step("Removed");
  screen.good(`Nothing is left behind. It took ${secondsSince(startedMs)}.`);
  return 0;
}

function readOptions(args: readonly string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    const options = { stay: flag, down: flag, help: { ...flag, short: "h" } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n`);
    return undefined;
  }
}

function removeStayingLabs(screen: Screen): number {
  const staying = readRecords().filter(({ stays }) => stays);
  for (const record of staying) {
    demolish(record);
    screen.line(`Removed lab ${record.id}`);
  }
  if (staying.length === 0) screen.line("There is no lab to remove");
  return 0;
}

function showCommands({ lab, regions: { fra, ams } }: Topology, screen: Screen): void {
  const { web, namespace, folder, configFile } = fra.pop;
  const config = `--config ${configFile}`;
  const ask = `fetch("${ANYCAST.ipv4.url}").then((it) => it.text()).then(console.log)`;
  screen.step(`The lab stays, in ${lab.folder}. Try:`);
  const commands: readonly (readonly [string, string])[] = [
    ["Who answers fra's client", `ip netns exec ${fra.client.namespace.name} node -e '${ask}'`],
    ["What the agent knows", `bin/anyctl status ${config}`],
    ["Out for maintenance", `bin/anyctl drain ${SERVICE} --reason 'rack move' ${config}`],
    ["Back again", `bin/anyctl undrain ${SERVICE} ${config}`],
    ["A crash", `kill -9 ${web.pids().join(" ")}`],
    [
      "Repair it",
      `ip netns exec ${namespace.name} nginx -p ${folder}/nginx -c ${folder}/nginx/nginx.conf &`,
    ],
    [
      "What the router knows",
      `birdc -s ${fra.transit.socketPath} show route ${ANYCAST.ipv4.prefix} all`,
    ],
    ["The agent's log", `tail -f ${fra.pop.exabgp.agentLogFile}`],
    ["Another PoP", `bin/anyctl status --config ${ams.pop.configFile}`],
    ["Remove the lab", "npm start -- --down"],
  ];
  for (const [what, command] of commands) {
    screen.line(`   ${what}:`);
    screen.command(command);
  }
}

function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// `npm start | head`: nobody listens any more. The lab is removed by way of `exit`.
process.stdout.once("error", () => process.exit(1));
process.exitCode = await main(process.argv.slice(2), createScreen(process.stdout)).catch(
  (error: unknown) => {
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  },
);
