// What `anyctl __complete` says to the scripts of `anyctl completion`.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { nameOf } from "../../src/cli/command.ts";
import { COMMANDS, loadAllCommands } from "../../src/cli/commands.ts";
import { STATUS } from "../control/fixtures.ts";
import { run } from "./fake-io.ts";
import { makePop, startAgent, type Pop } from "./pop.ts";

/** The words for a line whose last word is at the cursor. */
async function complete(words: readonly string[], pop?: Pop, shell = "bash"): Promise<string[]> {
  const env = { ANYCTL_CONFIG: pop?.configPath ?? "/nonexistent/anyctl.yaml" };
  const at = String(words.length - 1);
  const { status, out, err } = await run(["__complete", shell, at, ...words], { env });
  assert.deepEqual([status, err], [0, ""]);
  return out.split("\n").slice(0, -1);
}

describe("commands and options", () => {
  it("are those of the table", async () => {
    assert.deepEqual(await complete([""]), [...COMMANDS.keys()]);
    assert.deepEqual(
      await complete(["un"]),
      [...COMMANDS.keys()].filter((name) => name.startsWith("un")),
    );
    for (const command of await loadAllCommands()) {
      const own = [...Object.keys(command.options), "config", "help"].map((name) => `--${name}`);
      assert.deepEqual((await complete([nameOf(command), "--"])).toSorted(), own.toSorted());
      for (const below of command.subcommands ?? []) {
        const words = await complete([nameOf(command), nameOf(below), "--"]);
        const both = { ...command.options, ...below.options, config: 0, help: 0 };
        assert.deepEqual(
          words.toSorted(),
          Object.keys(both)
            .map((name) => `--${name}`)
            .toSorted(),
        );
      }
    }
  });

  it("have descriptions for a shell that shows them", async () => {
    const words = await complete(["st"], undefined, "zsh");
    assert.deepEqual(words, ["status\tShow states, prefixes, checks, sessions and drains"]);
  });

  it("of lists are offered again", async () => {
    assert.ok((await complete(["init", "--prefix", "192.0.2.0/24", "--"])).includes("--prefix"));
  });

  it("take the names of presets", async () => {
    assert.deepEqual(await complete(["init", "--preset", "vul"]), ["vultr", "vultr-bare-metal"]);
  });

  it("are not offered twice, also when the first is behind the cursor", async () => {
    assert.ok((await complete(["drain", "--"])).includes("--reason"));
    for (const line of [
      ["drain", "--reason", "x", "--"],
      ["drain", "--reason=x", "--"],
      ["drain", "--reason", "=", "x", "--"],
    ]) {
      assert.ok(!(await complete(line)).includes("--reason"), line.join(" "));
    }
    const { out } = await run(["__complete", "bash", "1", "drain", "--", "--reason", "x"]);
    assert.doesNotMatch(out, /--reason/);
  });

  it("are what follows where no name can", async () => {
    assert.ok((await complete(["version", ""])).includes("--help"));
    assert.deepEqual(await complete(["config", "ch"]), ["check"]);
    assert.deepEqual(await complete(["config", "nonsense", ""]), []);
    assert.deepEqual(await complete(["nonsense", ""]), []);
  });

  it("have the values that are allowed", async () => {
    assert.ok((await complete(["agent", "--log-level", "de"])).includes("debug"));
    assert.deepEqual(await complete(["agent", "--log-level=de"], undefined, "zsh"), [
      "--log-level=debug\t",
    ]);
    // bash has its own idea of where the word began.
    assert.deepEqual(await complete(["agent", "--log-level", "=", "de"]), ["debug"]);
    assert.deepEqual(await complete(["agent", "--log-level", "="]).then((all) => all.length), 6);
    assert.deepEqual(await complete(["completion", ""]), ["bash", "zsh"]);
    assert.deepEqual(await complete(["drain", "--reason", ""]), []);
    assert.deepEqual(await complete(["drain", "--all=", ""]), []);
  });

  it("have a kind for every positional, so that a new one is not forgotten", async () => {
    const known = new Set(["service", "subject", "file"]);
    for (const command of await loadAllCommands()) {
      for (const { positionals, completes } of [command, ...(command.subcommands ?? [])]) {
        for (const name of Object.keys(positionals)) {
          assert.ok(known.has(name) || completes?.[name] !== undefined, command.signature);
        }
      }
    }
  });
});

describe("files", () => {
  for (const line of [
    ["--config", ""],
    ["--config", "/e"],
    ["--config", "=", "/e"],
    ["status", "--config", "/e"],
    ["config", "check", "a"],
  ]) {
    it(`are left to the shell: ${line.join(" ")}`, async () => {
      assert.deepEqual(await complete(line), [":files"]);
    });
  }
});

describe("names", () => {
  const from: readonly (readonly [string, (context: TestContext, pop: Pop) => Promise<void>])[] = [
    ["the agent", (context, pop) => startAgent(context, pop)],
    ["the configuration where no agent runs", () => Promise.resolve()],
    ["the configuration when the agent says nothing", (context, pop) => stallAgent(context, pop)],
  ];
  for (const [where, begin] of from) {
    it(`of services come from ${where}`, async (context) => {
      const pop = makePop(context);
      await begin(context, pop);
      assert.deepEqual(await complete(["status", ""], pop), ["dns", "web"]);
      assert.deepEqual(await complete(["drain", "d"], pop), ["dns"]);
      assert.deepEqual(await complete(["drain", "dns", "--reason", "x", ""], pop), ["web"]);
      assert.deepEqual(await complete(["status", "dns", ""], pop), [
        "--config",
        "--help",
        "--json",
        "--watch",
      ]);
    });
  }

  it("of services in drop-ins are among them, and those of the file that the line names", async (context) => {
    const pop = makePop(context);
    mkdirSync(join(dirname(pop.configPath), "anyctl.d"));
    const dropIn = "services: { mail: { prefixes: [192.0.2.8/32], checks: {} } }\n";
    writeFileSync(join(dirname(pop.configPath), "anyctl.d", "mail.yaml"), dropIn);
    for (const line of [
      ["status", "--config", pop.configPath, ""],
      ["status", `--config=${pop.configPath}`, ""],
      ["--config", "=", pop.configPath, "status", ""],
    ]) {
      assert.deepEqual(await complete(line), ["dns", "mail", "web"]);
    }
  });

  it("of checks follow the service", async (context) => {
    const pop = makePop(context);
    assert.deepEqual(await complete(["check", ""], pop), ["dns", "web"]);
    assert.deepEqual(await complete(["check", "d"], pop), ["dns", "dns/resolver"]);
    assert.deepEqual(await complete(["check", "web/"], pop), ["web/port"]);
  });

  it("for undrain and unpin are those that have one, by an operator", async (context) => {
    const pop = makePop(context);
    const drain = { reason: "", by: "", since: "", until: undefined, problem: undefined } as const;
    const common = { ...drain, gracefulMs: undefined, transient: false };
    await startAgent(context, pop, {
      drains: [
        { ...common, service: "_all", kind: "operator" },
        { ...common, service: "web", kind: "operator" },
        { ...common, service: "dns", kind: "window" },
      ],
    });
    assert.deepEqual(await complete(["undrain", ""], pop), ["web"]);
    assert.deepEqual(await complete(["unpin", ""], pop), []);
  });

  it("for undrain are those that are held, too", async (context) => {
    const pop = makePop(context);
    const held = { state: "held", reason: "flapping" } as const;
    await startAgent(context, pop, (status) => ({
      ...status,
      services: status.services.map((one) => (one.name === "dns" ? { ...one, ...held } : one)),
    }));
    assert.deepEqual(await complete(["undrain", ""], pop), ["dns"]);
  });

  it("are none where there is nothing, or nothing that can be read", async (context) => {
    const pop = makePop(context, "services: [\n");
    assert.deepEqual(await complete(["status", ""], pop), []);
    assert.deepEqual(await complete(["status", ""]), []);
    assert.deepEqual(await complete(["status", "--config", "a\0b", ""]), []);
  });

  it("are never anything that a shell or a terminal gives a meaning", async (context) => {
    const [dns] = STATUS.services;
    assert.ok(dns !== undefined);
    const hostile = [
      "$(touch x)",
      "`id`",
      "a b",
      "a;b",
      "\u001b[2J",
      "a\nb",
      "é",
      "",
      ":files",
      "--all",
      "~",
    ];
    const pop = makePop(context);
    const services = [...hostile, "good"].map((name) => ({ ...dns, name }));
    await startAgent(context, pop, { services });
    for (const shell of ["bash", "zsh"]) {
      const words = await complete(["status", ""], pop, shell);
      assert.deepEqual(
        words.map((word) => word.trim()),
        ["good"],
      );
    }
    const other = makePop(
      context,
      `services: ${JSON.stringify(Object.fromEntries(hostile.map((name) => [name, {}])))}\n`,
    );
    assert.deepEqual(await complete(["status", ""], other), []);
  });
});

it("whatever is typed, the answer is safe words, files or nothing, and no message", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      "drain",
      "config",
      "check",
      "--config",
      "--reason",
      "=",
      ":",
      "--all=",
      "-",
      "",
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  let offered = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("bash", "zsh", "x"),
      fc.integer({ min: 0, max: 9 }),
      fc.array(word, { maxLength: 6 }),
      async (shell, at, words) => {
        const world = { env: { ANYCTL_CONFIG: "/nonexistent/anyctl.yaml" } };
        const { status, out, err } = await run(["__complete", shell, String(at), ...words], world);
        assert.deepEqual([status, err], [0, ""]);
        assert.match(out, /^(?::files\n|(?:[A-Za-z0-9._:/=-]*(?:\t[\x20-\x7e]*)?\n)*)$/);
        if (out !== "") offered += 1;
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(offered > 60, `only ${offered} of 300 lines had an answer`);
});

it("wrong words of a script are an error without words", async () => {
  for (const argv of [[], ["bash"], ["bash", "x"], ["bash", "-1", "drain"]]) {
    const { status, out, err } = await run(["__complete", ...argv]);
    assert.deepEqual([status, out, err], [2, "", ""]);
  }
});

it("the command says which shells there are", async () => {
  for (const shell of ["bash", "zsh"]) {
    const { status, out } = await run(["completion", shell]);
    assert.deepEqual([status, out.includes("command anyctl __complete")], [0, true]);
  }
  assert.deepEqual(await run(["completion"]), {
    status: 2,
    out: "",
    err: "anyctl: Missing SHELL; allowed: bash, zsh\n",
  });
  assert.deepEqual(await run(["completion", "toString"]), {
    status: 2,
    out: "",
    err: 'anyctl: Cannot print a completion for "toString"; allowed: bash, zsh\n',
  });
});

/** Somebody who accepts connections and says nothing. */
async function stallAgent(context: TestContext, { socketPath }: Pop): Promise<void> {
  const server: Server = createServer((socket) => socket.on("error", () => {}).resume());
  server.listen(socketPath);
  await once(server, "listening");
  context.after(() => server.close());
}
