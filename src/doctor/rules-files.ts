/** Files and folders: who may order, who may read secrets, whose programs run. */
import { agentNeighbors, type FileMode } from "./host.ts";
import { defineRule, type Found } from "./rule.ts";

const [WORLD_WRITE, WORLD_READ, STICKY] = [0o002, 0o004, 0o1000];

type There = FileMode & { readonly found: NonNullable<FileMode["found"]> };

export const FILE_RULES = [
  defineRule({
    id: "config-writable",
    severity: "error",
    about: "everybody may change a configuration",
    why: "Its programs run as ExaBGP's user, and its prefixes are announced.",
    mend: "chmod o-w FILE",
    needs: ["modes"],
    look: ({ modes }) =>
      there(modes, ["config", "exabgp.conf"])
        .filter(({ found: { mode } }) => (mode & WORLD_WRITE) !== 0)
        .map(modeFound),
  }),
  defineRule({
    id: "secret-readable",
    severity: "error",
    about: "everybody may read the password of a session",
    why: "Who knows it can forge the session's packets.",
    mend: "chown root:exabgp FILE && chmod 640 FILE",
    needs: ["modes", "conf"],
    look: ({ modes, conf }) =>
      conf.neighbors.some(({ settings }) => settings.has("md5-password"))
        ? there(modes, ["exabgp.conf"])
            .filter(({ found: { mode } }) => (mode & WORLD_READ) !== 0)
            .map(modeFound)
        : [],
  }),
  defineRule({
    id: "secret-in-argv",
    severity: "error",
    about: "the password of a session is on a command line",
    why: "Every user of this host can read it in /proc.",
    mend: "Write it into exabgp.conf only; change it, it is known now.",
    needs: ["conf", "exabgp"],
    look: ({ conf, exabgp }) => {
      const secrets = agentNeighbors(conf).flatMap(
        ({ settings }) => settings.get("md5-password")?.value || [],
      );
      const holds = (argv: readonly string[]) =>
        argv.some((word) => secrets.some((secret) => word.includes(secret)));
      const running = exabgp
        .filter(({ argv }) => holds(argv))
        .map(({ pid }) => ({ where: `process ${pid}`, found: "ExaBGP's arguments hold one" }));
      const configured = conf.processes
        .filter(({ run }) => holds(run?.argv ?? []))
        .map(({ name, run }) => ({
          where: `${conf.path}:${run?.line}`,
          found: `run of process ${name} holds one`,
        }));
      return [...running, ...configured];
    },
  }),
  defineRule({
    id: "orders-writable",
    severity: "error",
    about: "everybody may drain or pin",
    why: "Who may write into these folders gives orders to the agent.",
    mend: "chmod o-w FOLDER",
    needs: ["modes"],
    look: ({ modes }) =>
      there(modes, ["state-dir", "drains", "pins", "socket folder"])
        .filter(({ found: { mode } }) => (mode & WORLD_WRITE) !== 0 && (mode & STICKY) === 0)
        .map(modeFound),
  }),
  defineRule({
    id: "state-dir",
    severity: "error",
    about: "state-dir is no folder, or not ExaBGP's user's",
    why: "The agent cannot keep there what a later life of it must know: what it announced, and who drained what.",
    mend: "chown exabgp:exabgp FOLDER, or install systemd/anyctl.tmpfiles.conf.",
    needs: ["modes", "exabgp"],
    look: ({ modes, exabgp }) =>
      there(modes, ["state-dir"]).flatMap((one): Found[] => {
        const { path, found } = one;
        if (!found.isFolder) return [{ where: path, found: "is no folder" }];
        const [process] = exabgp;
        const isOpen = (found.mode & 0o020) !== 0;
        if (process === undefined || process.uid === 0 || process.uid === found.uid || isOpen) {
          return [];
        }
        return [
          { where: path, found: `is owned by uid ${found.uid}, ExaBGP is uid ${process.uid}` },
        ];
      }),
  }),
  defineRule({
    id: "state-dir-missing",
    severity: "info",
    about: "a folder of the agent is not there yet",
    why: "The agent makes it, if its user may; a drain before that has no place.",
    mend: "Install systemd/anyctl.tmpfiles.conf and run systemd-tmpfiles --create.",
    needs: ["modes"],
    look: ({ modes }) =>
      modes
        .filter(({ role, found }) => ["state-dir", "socket folder"].includes(role) && !found)
        .map(({ path, role }) => ({ where: path, found: `the ${role} is not there` })),
  }),
];

function there(modes: readonly FileMode[], roles: readonly FileMode["role"][]): There[] {
  return modes.flatMap((one) => {
    const { found } = one;
    return found !== undefined && roles.includes(one.role) ? [{ ...one, found }] : [];
  });
}

function modeFound({ path, found: { mode } }: There): Found {
  return { where: path, found: `has mode ${mode.toString(8).padStart(4, "0")}` };
}
