/** Real programs: small scripts, judged by what they leave in /proc too. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { attempt } from "../../checks/attempt.ts";
import { createProbeContext } from "../../checks/context.ts";
import { OUTPUT_MAX_BYTES, run as runProgram } from "../../checks/exec-run.ts";
import type { Probe, Result } from "../../checks/probe.ts";
import { CheckSchema, createProbe } from "../../checks/registry.ts";
import { systemTimers } from "../../checks/timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";
import { temporaryFolder } from "./temporary.ts";

const program = fileURLToPath(new URL("exec-program.js", import.meta.url));

/** Long enough for a shell to start on a busy machine, short enough to wait for. */
const TIMEOUT_MS = 1000;

function sh(script: string, keys: object = {}): object {
  return { type: "exec", command: ["/bin/sh", "-c", script], ...keys };
}

async function judge(keys: object, timeoutMs?: number): Promise<Result> {
  return (await runCheck(keys, timeoutMs === undefined ? {} : { timeoutMs })).result;
}

async function shown(keys: object, timeoutMs?: number): Promise<string> {
  const { outcome, reason, detail } = await judge(keys, timeoutMs);
  return `${outcome} ${reason}: ${detail}`;
}

interface Process {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly arguments: string;
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(pid), state, parent: Number(parent), arguments: args }];
      } catch {
        return [];
      }
    });
}

function zombies(): Process[] {
  return processes().filter(({ parent, state }) => parent === process.pid && state === "Z");
}

/** Descriptors above 2 without O_CLOEXEC (proc(5), fdinfo). */
function inherited(): Set<string> {
  const isKept = (fd: string): boolean => {
    try {
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
      return (Number.parseInt(flags ?? "0", 8) & 0o2000000) === 0;
    } catch {
      return false;
    }
  };
  return new Set(readdirSync("/proc/self/fd").filter((fd) => Number(fd) > 2 && isKept(fd)));
}

/** Argument of a `sleep` that nobody else has. */
let last = 0;
function mark(): string {
  last += 1;
  return `${1000 + last}.${process.pid}`;
}

/** Shell words that end as soon as a `sleep` with the probe's output open has left the group. */
function leaver(marked: string): string {
  const left = `echo left >&4; exec 4>&-; exec sleep ${marked}`;
  return `exec 3>&1; setsid --fork sh -c '${left}' 4>&1 >&3 | read left`;
}

function alive(marked: string): Process[] {
  return processes().filter(({ arguments: args }) => args.includes(`sleep ${marked}`));
}

describe("exec judges", { timeout: HANG_MS }, () => {
  const cases: readonly [script: string, shown: string, keys?: object][] = [
    ["exit 0", "pass passed: exit status 0"],
    ["echo '  OK - 3 workers '; echo more", "pass passed: exit status 0: OK - 3 workers"],
    ["echo oops >&2; echo out; exit 3", "fail exit-status: exit status 3: oops"],
    ["echo; echo out; exit 3", "fail exit-status: exit status 3: out"],
    ["kill -SEGV $$", "fail killed: killed by SIGSEGV"],
    ["echo t", "pass passed: exit status 0: t", { "expect-output": "/^T\\s$/i" }],
    ["echo t", "pass passed: exit status 0: t", { "expect-output": "/^t$/" }],
    [
      "echo f; echo t >&2",
      "fail wrong-answer: the output is not the expected one: f",
      { "expect-output": "t" },
    ],
    ["exit 1", "fail exit-status: exit status 1", { "expect-output": "t" }],
    // Hostile output is evidence, and stays one printable line.
    ["printf 'a\\033[31mb\\r\\303\\251\\nc'", "pass passed: exit status 0: a?[31mb??"],
    ["printf '\\377\\000'; exit 9", "fail exit-status: exit status 9: ??"],
  ];
  for (const [script, expected, keys] of cases) {
    test(`${script} ${JSON.stringify(keys ?? "")}`, async () => {
      assert.equal(await shown(sh(script, keys)), expected);
    });
  }

  test("a program that is not there, or is none", async (context) => {
    const folder = temporaryFolder(context);
    const script = (name: string, text: string, mode: number): string => {
      writeFileSync(join(folder, name), text, { mode });
      return join(folder, name);
    };
    const paths: readonly [path: string, code: string][] = [
      [join(folder, "none"), "ENOENT"],
      [script("orphan", "#!/none/interpreter\n", 0o755), "ENOENT"],
      [join(script("plain", "#!/bin/sh\n", 0o644), "below"), "ENOTDIR"],
    ];
    for (const [path, code] of paths) {
      const result = await shown({ type: "exec", command: [path] });
      assert.equal(result, `fail not-found: cannot run ${path}: ${code}`.slice(0, 200));
    }
    const plain = join(folder, "plain");
    const forbidden = await shown({ type: "exec", command: [plain] });
    assert.equal(forbidden, `inconclusive no-permission: may not run ${plain}: EACCES`);
    const elsewhere = await shown({ type: "exec", command: ["/bin/true"], cwd: folder + "/none" });
    assert.equal(elsewhere, "fail not-found: cannot run /bin/true: ENOENT");
  });

  test("values of env are hidden in what it says, short ones and others are not", async () => {
    const env = { A: "hunter2", B: "x", C: "hunter2-and-more" };
    const script = "echo $A $B $C; exit 1";
    assert.equal(await shown(sh(script, { env })), "fail exit-status: exit status 1: *** x ***");
    // The end of what is kept cuts a value.
    const cut = `printf ' %${OUTPUT_MAX_BYTES - 8}s' ''; printf '\\n'; printf "$A"`;
    assert.equal(await shown(sh(cut, { env })), "pass passed: exit status 0: ***");
  });
});

describe("exec starts a program with", { timeout: HANG_MS }, () => {
  async function said(script: string, keys: object = {}): Promise<string> {
    const { detail } = await judge(sh(script, keys));
    return detail.replace("exit status 0: ", "");
  }

  test("its own environment, and nothing of ours", async () => {
    process.env["exabgp_cli_pipe"] = "/run/exabgp/exabgp";
    const text = await said("exec /usr/bin/env | /usr/bin/sort | /usr/bin/tr '\\n' ' '", {
      env: { A: "1", LANG: "C.UTF-8" },
    });
    delete process.env["exabgp_cli_pipe"];
    const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    // The shell adds PWD.
    assert.equal(text, `A=1 LANG=*** PATH=${path} PWD=/`);
  });

  test("arguments as they are", async () => {
    const command = ["/usr/bin/printf", "%s|", "a b", "$HOME", "*", "", "'\"\\"];
    const { detail } = await judge({ type: "exec", command });
    assert.equal(detail, "exit status 0: a b|$HOME|*||'\"\\|");
  });

  test("stdin, stdout and stderr, and no other descriptor", async () => {
    // What this process got from its parent without close-on-exec, it hands down; it opens nothing so itself.
    const ours = inherited();
    const open = (await said("cd /proc/self/fd && exec /bin/ls -C -w 0")).split(/\s+/);
    // The fourth is the folder that ls reads.
    assert.deepEqual(
      open.filter((fd) => !ours.has(fd)),
      ["0", "1", "2", "3"],
    );
    assert.match(
      await said("/usr/bin/readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 | tr '\\n' ' '"),
      /^\/dev\/null socket:\[\d+\] socket:\[\d+\]$/,
    );
  });

  test("a folder, a session and a group of its own, and no blocked or ignored signal", async (context) => {
    const folder = temporaryFolder(context);
    assert.equal(await said("pwd", { cwd: folder }), folder);
    // Its number, its group's, its session's.
    const ids = (await said("exec cut -d' ' -f1,5,6 /proc/self/stat")).split(" ");
    assert.equal(ids.length, 3);
    assert.equal(new Set(ids).size, 1, ids.join(" "));
    const signals = await said(
      "exec /bin/grep -E '^Sig(Blk|Ign)' /proc/self/status | tr '\\n\\t' ' '",
    );
    assert.match(signals, /^SigBlk: 0+ SigIgn: 0+$/);
  });
});

describe("exec leaves nothing behind:", { timeout: HANG_MS }, () => {
  async function gone(marked: string): Promise<void> {
    await until(() => alive(marked).length === 0 && zombies().length === 0);
  }

  test("a program that hangs is killed whole, with what holds its pipe", async () => {
    const marked = mark();
    const script = `echo begun; trap '' TERM; sleep ${marked} & sh -c 'sleep ${marked} & sleep ${marked}'`;
    assert.equal(
      await shown(sh(script), TIMEOUT_MS),
      "fail timeout: still running when time was over: begun",
    );
    await gone(marked);
  });

  test("a background job of a program that has ended is killed, and keeps nobody waiting", async () => {
    const marked = mark();
    assert.equal(
      await shown(sh(`sleep ${marked} & echo done`)),
      "pass passed: exit status 0: done",
    );
    await gone(marked);
  });

  test("who has left the group holds the pipe, and keeps nobody waiting", async (context) => {
    const marked = mark();
    context.after(() => alive(marked).forEach(({ pid }) => process.kill(pid, "SIGKILL")));
    assert.equal(
      await shown(sh(`${leaver(marked)}; echo done`)),
      "pass passed: exit status 0: done",
    );
    assert.equal(alive(marked).length, 1);
  });

  test("time that is over after its end does not take its status away", async (context) => {
    const marked = mark();
    context.after(() => alive(marked).forEach(({ pid }) => process.kill(pid, "SIGKILL")));
    const command = ["/bin/sh", "-c", `${leaver(marked)}; exit 3`];
    const time = new AbortController();
    const leaving = { command, env: {}, cwd: "/" };
    const { end } = await runProgram(leaving, time.signal, systemTimers, () => time.abort());
    assert.deepEqual(end, { how: "exited", status: 3 });
    assert.equal(alive(marked).length, 1);
  });

  test("output without end costs no memory and little time of ours", async () => {
    const before = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    const { detail, reason } = await judge(sh("exec yes 0123456789"), TIMEOUT_MS);
    const { user, system } = process.cpuUsage(cpuBefore);
    assert.equal(`${reason} ${detail}`, "timeout still running when time was over: 0123456789");
    const grownMiB = (process.memoryUsage().rss - before) / 1024 / 1024;
    assert.ok(grownMiB < 32, `${grownMiB} MiB`);
    const share = (user + system) / 1000 / TIMEOUT_MS;
    assert.ok(share < 0.5, `${share} of a core`);
  });

  test("a program that says much and ends is judged by its status", async () => {
    const script = `head -c ${4 * 1024 * 1024} /dev/zero | tr '\\0' x; echo >&2; exit 0`;
    const { reason, detail } = await judge(sh(script));
    assert.equal(reason, "passed");
    assert.equal(detail.length, 200);
  });

  test("descriptors and zombies after many", async () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    await judge(sh("exit 0"));
    const before = descriptors();
    for (let nth = 0; nth < 20; nth += 1) {
      const script = ["exit 0", "exec >&- 2>&-; exit 1", "kill -9 $$", "yes | head -1"][nth % 4];
      await judge(sh(script ?? ""));
      await judge({ type: "exec", command: ["/none"] });
    }
    await until(() => descriptors() <= before && zombies().length === 0);
  });
});

describe("exec waits its turn", { timeout: HANG_MS }, () => {
  test("who gets no place in time is inconclusive; those known to be slow leave some free", async () => {
    const context = createProbeContext();
    const marked = mark();
    const make = (script: string) => createProbe(CheckSchema.parse(sh(script)), context);
    const run = async (probe: Probe, timeoutMs: number): Promise<Result> =>
      (await attempt(probe, timeoutMs, systemTimers)).result;
    const slow = Array.from({ length: 16 }, () => make(`exec sleep ${marked}`));
    const first = slow.map((probe) => run(probe, 3 * TIMEOUT_MS));
    await until(() => context.programs.taken === 16);
    assert.deepEqual(await run(make("exit 0"), TIMEOUT_MS), {
      outcome: "inconclusive",
      reason: "no-processes",
      detail: "not started in time: 16 other programs of checks were running",
    });
    for (const { reason } of await Promise.all(first))
      assert.match(reason, /^(?:timeout|no-processes)$/);
    await until(() => context.programs.taken === 0);

    // All are known to be slow now: 8 of them run, and 8 places are free.
    const again = slow.map((probe) => run(probe, 3 * TIMEOUT_MS));
    await until(() => context.programs.taken === 8);
    const quick = Array.from({ length: 8 }, () => run(make("exit 0"), 2 * TIMEOUT_MS));
    for (const { reason } of await Promise.all(quick)) assert.equal(reason, "passed");
    assert.equal(context.programs.taken, 8);
    await Promise.all(again);
    await until(() => alive(marked).length === 0);
  });

  test("a program that was let in late is not blamed for being out of time", async () => {
    const context = createProbeContext();
    const held = Array.from({ length: 16 }, () =>
      createProbe(CheckSchema.parse(sh("exec sleep 0.5")), context)(AbortSignal.timeout(5000)),
    );
    const late = createProbe(CheckSchema.parse(sh("exec sleep 60")), context);
    const { result } = await attempt(late, 1500, systemTimers);
    assert.equal(result.reason, "no-processes", result.detail);
    assert.match(result.detail, /^time was over: ran for \d+ ms after \d+ ms of waiting/);
    await Promise.all(held);
  });
});

describe("exec in a process that", { timeout: HANG_MS }, () => {
  test("exits takes its programs with it", async () => {
    const marked = mark();
    const child = spawn(process.execPath, [program, "exit", `echo begun; sleep ${marked}`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    await until(() => alive(marked).length > 0);
    child.kill("SIGTERM");
    await once(child, "exit");
    await until(() => alive(marked).length === 0);
  });

  test("has no descriptors", async () => {
    assert.equal(
      await starve("descriptors"),
      "inconclusive no-descriptors: cannot run /bin/sh: EMFILE",
    );
  });

  const skip = process.getuid?.() === 0 ? false : "a process limit of an own user needs root";
  test("may start no process", { skip }, async () => {
    assert.equal(
      await starve("processes"),
      "inconclusive no-processes: cannot run /bin/sh: EAGAIN",
    );
  });

  test("writes nothing of its programs to its own stdout and stderr", async () => {
    const args = [program, "run", "echo withdraw; echo withdraw >&2; cat; exit 1"];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    assert.deepEqual([stdout, stderr], ["fail exit-status: exit status 1: withdraw\n", ""]);
  });
});

async function starve(of: string): Promise<string> {
  const child = spawn(process.execPath, [program, of, "exit 0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return String(line);
}
