// The scripts of `anyctl completion` in real shells.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { STATUS } from "../control/fixtures.ts";
import { makePop, startAgent } from "./pop.ts";

const BIN = fileURLToPath(new URL("../../../bin", import.meta.url));

const SHELLS = {
  bash: ["bash", "--norc", "--noprofile"],
  zsh: ["zsh", "-f"],
} as const;

interface Spoken {
  readonly status: unknown;
  readonly out: string;
  readonly err: string;
}

/** Not spawnSync: the agent lives in this process. */
async function speak(
  shell: keyof typeof SHELLS,
  script: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<Spoken> {
  const [program, ...options] = SHELLS[shell];
  const child = spawn(program, [...options, ...args], {
    env: { PATH: `${BIN}:${process.env["PATH"]}`, HOME: "/nonexistent", TERM: "dumb", ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(script);
  const [status] = await once(child, "close");
  return { status, out, err };
}

/** Prints what the completion of `words` offers, its last one being at the cursor, one per line. */
const DRIVERS = {
  bash: (words: readonly string[]) => `
set -u
compopt() { echo "compopt $*"; }
source <(anyctl completion bash)
COMP_WORDS=(anyctl ${words.map(quote).join(" ")}); COMP_CWORD=${words.length}
_anyctl
for word in "\${COMPREPLY[@]}"; do printf '<%s>\\n' "$word"; done
`,
  zsh: (words: readonly string[]) => `
compdef() { :; }
compset() { :; }
_files() { print files; }
_describe() { local entry; for entry in "\${(@P)4}"; do print -r -- "<\${\${entry%%:*}}>"; done; }
source <(anyctl completion zsh)
words=(anyctl ${words.map(quote).join(" ")}); CURRENT=${words.length + 1}
_anyctl
true
`,
};

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

for (const shell of ["bash", "zsh"] as const) {
  describe(shell, () => {
    const offer = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { status, out, err } = await speak(shell, DRIVERS[shell](words), env);
      assert.deepEqual([status, err], [0, ""]);
      return out.split("\n").slice(0, -1);
    };

    it("is offered commands, options and names", async (context) => {
      const pop = makePop(context);
      await startAgent(context, pop);
      const env = { ANYCTL_CONFIG: pop.configPath };
      assert.deepEqual(await offer(["undr"], env), ["<undrain>"]);
      assert.deepEqual(await offer(["status", "--j"], env), ["<--json>"]);
      assert.deepEqual(await offer(["drain", ""], env), ["<dns>", "<web>"]);
      assert.deepEqual(await offer(["check", "web/"], env), ["<web/resolver>"]);
    });

    it("completes names of files itself", async () => {
      const words = { bash: "compopt -o default", zsh: "files" };
      assert.deepEqual(await offer(["status", "--config", "/e"]), [words[shell]]);
    });

    it("hears nothing of what is wrong", async (context) => {
      const pop = makePop(context, "services: [\n");
      assert.deepEqual(await offer(["drain", ""], { ANYCTL_CONFIG: pop.configPath }), []);
      assert.deepEqual(await offer(["drain", ""], { ANYCTL_CONFIG: "/nonexistent" }), []);
      assert.deepEqual(await offer(["nonsense", ""]), []);
    });

    it("runs nothing that a name or the line says", async (context) => {
      const [dns] = STATUS.services;
      assert.ok(dns !== undefined);
      const pop = makePop(context);
      const trap = join(dirname(pop.configPath), "trap");
      const names = [`$(touch ${trap})`, `\`touch ${trap}\``, `x;touch ${trap}`, "*", "good"];
      await startAgent(context, pop, { services: names.map((name) => ({ ...dns, name })) });
      const env = { ANYCTL_CONFIG: pop.configPath };
      assert.deepEqual(await offer(["drain", ""], env), ["<good>"]);
      assert.deepEqual(await offer(["drain", `$(touch ${trap})`, ""], env), ["<good>"]);
      assert.deepEqual(await offer(["drain", `'; touch ${trap}; '`, ""], env), ["<good>"]);
      assert.ok(!existsSync(trap));
    });

    it("runs the installed program, not one that lies about", async (context) => {
      const pop = makePop(context);
      const trap = join(dirname(pop.configPath), "trap");
      const script = `anyctl() { touch ${trap}; }\n${DRIVERS[shell](["stat"])}`;
      const { out } = await speak(shell, script.replaceAll("<(anyctl", "<(command anyctl"), {});
      assert.equal(out, "<status>\n");
      assert.ok(!existsSync(trap));
    });

    it("offers nothing without anyctl", async () => {
      const script = DRIVERS[shell](["drain", ""]).replace(
        "_anyctl\n",
        "PATH=/nonexistent\n_anyctl\n",
      );
      assert.deepEqual(await speak(shell, script, {}), { status: 0, out: "", err: "" });
    });
  });
}

/** A terminal for a shell that is typed to. `script` is of util-linux. */
async function type(
  context: TestContext,
  command: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  typed: readonly (readonly [after: RegExp, text: string])[],
  last: RegExp,
): Promise<string> {
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd,
    env: {
      PATH: `${BIN}:${process.env["PATH"]}`,
      HOME: "/nonexistent",
      TERM: "dumb",
      PS1: "begin",
      ...env,
    },
  });
  context.after(() => child.kill("SIGKILL"));
  let seen = "";
  const waits = [...typed, [last, ""] as const];
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    const [next] = waits;
    if (next === undefined || !next[0].test(seen)) return;
    waits.shift();
    if (waits.length === 0) child.kill("SIGKILL");
    else child.stdin.write(next[1]);
  });
  await once(child, "close");
  return seen;
}

/** Typed one after the other, each when what it is an answer to has been seen. */
const TYPED = [
  [/sourced\r\n[^]*ready> /, "anyctl dr\t"],
  // What a shell adds, after what was echoed.
  [/ain $/, "d\t"],
  [/ns $/, "--rea\t"],
  [/son $/, "x --config=wi\t"],
] as const;

const STARTS = {
  bash: ["bash --norc --noprofile -i", ""],
  zsh: ["zsh -f -i", "unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -D -u; "],
} as const;

describe("at a terminal", () => {
  for (const shell of ["bash", "zsh"] as const) {
    it(`${shell} fills in what is the only word that fits, and files behind an equals sign`, async (context) => {
      const pop = makePop(context);
      await startAgent(context, pop);
      const folder = dirname(pop.configPath);
      writeFileSync(join(folder, "with space.yaml"), "");
      const [command, before] = STARTS[shell];
      const start = `${before}PS1='ready> '; source <(anyctl completion ${shell}); echo so''urced\n`;
      const env = { ANYCTL_CONFIG: pop.configPath };
      const typed = [[/begin/, start] as const, ...TYPED];
      const seen = await type(context, command, { cwd: folder, env }, typed, /th\\ space\.yaml/);
      assert.match(seen, /th\\ space\.yaml/);
    });
  }
});
