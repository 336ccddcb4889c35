/** The agent's process in exabgp.conf, and who is told what by it. */
import { basename } from "node:path";
import { at } from "./rules-neighbors.ts";
import { agentNeighbors } from "./host.ts";
import { defineRule } from "./rule.ts";

const SHELLS = new Set("sh bash dash zsh env sudo su nice setsid nohup timeout runuser".split(" "));

export const PROCESS_RULES = [
  defineRule({
    id: "exabgp-conf",
    severity: "error",
    about: "exabgp.conf cannot be understood",
    why: "ExaBGP does not start with it.",
    mend: "See exabgp --test FILE; anyctl init writes one that works.",
    needs: ["confFile"],
    look: ({ confFile: { path, error } }) =>
      error === undefined ? [] : [{ where: `${path}:${error.line}`, found: error.message }],
  }),
  defineRule({
    id: "process-missing",
    severity: "error",
    about: "no process of exabgp.conf runs the agent",
    why: "Nobody announces anything.",
    mend: "Add: process anyctl { run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml; encoder json; }",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents.length > 0 ? [] : [{ where: path, found: "there is no such process" }],
  }),
  defineRule({
    id: "process-twice",
    severity: "error",
    about: "several processes run the agent",
    why: "Two agents announce and withdraw against each other; the lock of state-dir stops one of them only where they share it.",
    mend: "Keep one process, and name it in the api of each neighbor.",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents.slice(1).map(({ name, line }) => ({
        where: `${path}:${line}`,
        found: `process ${name} runs it too, beside ${agents[0]?.name ?? ""}`,
      })),
  }),
  defineRule({
    id: "run-agent",
    severity: "error",
    about: "the agent's process does not run `anyctl agent`",
    why: "Without the word agent it is another command, which ends at once: ExaBGP gives up after five such ends in a minute, and all sessions drop.",
    mend: "Write: run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml;",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ run }) => run?.argv.includes("agent") !== true)
        .map(({ name, line, run }) => ({
          where: `${path}:${run?.line ?? line}`,
          found: run === undefined ? `process ${name} has no run` : `process ${name} has no agent`,
        })),
  }),
  defineRule({
    id: "run-quotes",
    severity: "error",
    about: "there are quotes in `run`",
    why: "An apostrophe or nested quotes break ExaBGP's tokeniser; what the child then gets is another command line.",
    mend: "One path, one --config path, no quotes and no spaces in them.",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ run }) => run?.hasQuotes === true)
        .map(({ name, run }) => ({
          where: `${path}:${run?.line}`,
          found: `process ${name} has quotes`,
        })),
  }),
  defineRule({
    id: "run-wrapper",
    severity: "warning",
    about: "the agent is started by a wrapper",
    why: "A wrapper that stays holds ExaBGP's pipes: a dead agent is not seen, and what it prints are commands.",
    mend: "Run anyctl itself.",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ run }) => SHELLS.has(basename(run?.argv[0] ?? "")))
        .map(({ name, run }) => ({
          where: `${path}:${run?.line}`,
          found: `process ${name} runs ${basename(run?.argv[0] ?? "")}`,
        })),
  }),
  defineRule({
    id: "run-program",
    severity: "error",
    about: "the program of `run` cannot be run",
    why: "ExaBGP refuses to start; while it runs, a program that is missing at a respawn stops all its peers.",
    mend: "Name the absolute path of an executable file; replace it atomically in upgrades.",
    needs: ["program"],
    look: ({ program: { path, state } }) =>
      state === "runs" ? [] : [{ where: path, found: PROGRAM_STATES[state] }],
  }),
  defineRule({
    id: "run-config",
    severity: "error",
    about: "the agent runs with another configuration",
    why: "What was looked at here is not what decides.",
    mend: "Give the same file to doctor and to `run`, by --config.",
    needs: ["conf", "configFile"],
    look: ({ conf: { path, agents }, configFile }) =>
      agents.flatMap(({ run }) => {
        const { argv = [], line } = run ?? {};
        const after = argv.indexOf("--config") + 1;
        const joined = argv.find((word) => word.startsWith("--config="))?.slice("--config=".length);
        const named = (after > 0 ? argv[after] : joined) ?? "/etc/anyctl/anyctl.yaml";
        if (named === configFile.path || run === undefined) return [];
        return [
          { where: `${path}:${line}`, found: `--config is ${named}, not ${configFile.path}` },
        ];
      }),
  }),
  defineRule({
    id: "process-respawn",
    severity: "error",
    about: "ExaBGP does not start the agent again",
    why: "After its death routes stay as they are for ever; and with neighbor-changes the next change of a session crashes ExaBGP 4.2 and 5.0.",
    mend: "Remove respawn false.",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ respawns }) => !respawns)
        .map(({ name, line }) => ({ where: `${path}:${line}`, found: `process ${name}` })),
  }),
  defineRule({
    id: "encoder-missing",
    severity: "error",
    about: "the agent's process has no encoder",
    why: "ExaBGP 4.2 refuses the file.",
    mend: "Add: encoder json;",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ encoder }) => encoder === undefined)
        .map(({ name, line }) => ({ where: `${path}:${line}`, found: `process ${name}` })),
  }),
  defineRule({
    id: "encoder-text",
    severity: "warning",
    about: "ExaBGP tells the agent about sessions as text",
    why: "A peer controls words in it, and could forge whole events before 5.0.13.",
    mend: "Write: encoder json;",
    needs: ["conf"],
    look: ({ conf: { path, agents } }) =>
      agents
        .filter(({ encoder }) => encoder !== undefined && encoder.value !== "json")
        .map(({ name, encoder }) => ({
          where: `${path}:${encoder?.line}`,
          found: `process ${name} has encoder ${encoder?.value.slice(0, 20)}`,
        })),
  }),
  defineRule({
    id: "api-missing",
    severity: "error",
    about: "a neighbor is not connected to the agent",
    why: "What the agent announces and withdraws does not reach it.",
    mend: "Add to the neighbor: api { processes [ anyctl ]; neighbor-changes; send { parsed; update; } }",
    needs: ["conf"],
    look: ({ conf }) => {
      const connected = new Set(agentNeighbors(conf));
      if (conf.agents.length === 0) return [];
      if (conf.neighbors.length === 0) return [{ where: conf.path, found: "there is no neighbor" }];
      const { name } = conf.agents[0] ?? { name: "" };
      return conf.neighbors
        .filter((neighbor) => !connected.has(neighbor))
        .map((neighbor) =>
          at(conf, neighbor.line, neighbor, `has no api { processes [ ${name} ]; }`),
        );
    },
  }),
  defineRule({
    id: "api-unknown-process",
    severity: "error",
    about: "an api names a process that does not exist",
    why: "ExaBGP refuses the file.",
    mend: "Name the process as its block is named.",
    needs: ["conf"],
    look: ({ conf }) => {
      const names = new Set(conf.processes.map(({ name }) => name));
      return conf.neighbors.flatMap((neighbor) =>
        neighbor.apis.flatMap(({ line, processes }) =>
          processes
            .filter((name) => !names.has(name))
            .map((name) => at(conf, line, neighbor, `names process ${name}`)),
        ),
      );
    },
  }),
  defineRule({
    id: "neighbor-changes",
    severity: "error",
    about: "the agent is not told when a session comes up or goes down",
    why: "Announced says nothing while the session is down: sites have black-holed for hours behind a service that was fine.",
    mend: "Add neighbor-changes; to the api block.",
    needs: ["conf"],
    look: ({ conf }) =>
      agentNeighbors(conf)
        .filter(({ apis }) => !apis.some(({ tellsSessions }) => tellsSessions))
        .map((neighbor) =>
          at(conf, neighbor.apis[0]?.line ?? neighbor.line, neighbor, "has no neighbor-changes"),
        ),
  }),
  defineRule({
    id: "updates-not-told",
    severity: "info",
    about: "the agent is not told what was sent",
    why: "Only the echo shows that an UPDATE went out; without it the agent knows that ExaBGP has accepted a command, and no more.",
    mend: "Add send { parsed; update; } to the api block.",
    needs: ["conf"],
    look: ({ conf }) =>
      agentNeighbors(conf)
        .filter(({ apis }) => !apis.some(({ tellsUpdates }) => tellsUpdates))
        .map((neighbor) =>
          at(conf, neighbor.apis[0]?.line ?? neighbor.line, neighbor, "has no such send block"),
        ),
  }),
];

const PROGRAM_STATES = {
  missing: "there is no such file",
  "no-file": "is no file",
  "not-executable": "is not executable",
} as const;
