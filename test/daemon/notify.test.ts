/** How systemd is told: by the real systemd-notify, and by programs that fail in its place. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../src/daemon/clock.ts";
import { SystemdNotifier } from "../../src/daemon/notify.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock, turn } from "./fixtures.ts";
import { SystemdListener } from "./systemd-listener.ts";

function notifierOf(context: TestContext, socket: string, program?: string) {
  const problems: (string | undefined)[] = [];
  const notifier = new SystemdNotifier({
    clock: systemClock,
    socket,
    problem: (detail) => void problems.push(detail),
    ...(program !== undefined && { program }),
  });
  context.after(() => notifier.end());
  return { notifier, problems };
}

/** A program in the place of systemd-notify; `$FOLDER` is a folder of its own. */
function programOf(context: TestContext, script: string) {
  const folder = temporaryFolder(context);
  const program = join(folder, "notify");
  writeFileSync(program, `#!/bin/sh\nFOLDER=${folder}\n${script}\n`);
  chmodSync(program, 0o755);
  return { folder, program };
}

test("what is said in one moment is one message; whatever is in a status, it is one line", async (t) => {
  const systemd = await SystemdListener.start(t);
  const { notifier, problems } = notifierOf(t, systemd.socket);
  notifier.ready();
  notifier.status("first");
  notifier.status("$(id) `id` \"'\\ ü \u001b[2J\nWATCHDOG=trigger\t%n");
  notifier.watchdog();
  await waitUntil("a message", () => systemd.messages[0]);
  notifier.watchdog();
  notifier.status(`-${"x".repeat(5000)}`);
  await waitUntil("another", () => systemd.messages[1]);
  assert.deepEqual(
    systemd.messages.map(({ lines }) => lines),
    [
      ["READY=1", "STATUS=$(id) `id` \"'\\ ? ?[2J?WATCHDOG=trigger?%n", "WATCHDOG=1"],
      [`STATUS=-${"x".repeat(399)}`, "WATCHDOG=1"],
    ],
  );
  assert.deepEqual(new Set(problems), new Set([undefined]));
});

test("a socket that is not there is a problem, and told again when it is; pings are not", async (t) => {
  const folder = temporaryFolder(t);
  const socket = join(folder, "notify");
  const { notifier, problems } = notifierOf(t, socket);
  notifier.ready();
  notifier.status("well");
  notifier.watchdog();
  await waitUntil("a problem", () => problems[0]);
  assert.match(problems[0] ?? "", /^systemd cannot be told: .*No such file or directory/);
  const systemd = await SystemdListener.start(t, socket);
  await waitUntil("a message", () => systemd.messages[0]);
  assert.deepEqual(systemd.messages[0]?.lines, ["READY=1", "STATUS=well"]);
  await waitUntil("the end of the problem", () => problems.at(-1) === undefined || undefined);
  rmSync(socket);
});

test("its environment is the socket and nothing else, and no descriptor of the agent's is its own", async (t) => {
  const { folder, program } = programOf(
    t,
    `tr '\\0' '\\n' </proc/$$/environ >$FOLDER/env.new
fds=$(for fd in 0 1; do readlink /proc/$$/fd/$fd; done)
echo "$fds" >$FOLDER/fds
mv $FOLDER/env.new $FOLDER/env
echo "announce route 203.0.113.0/24 next-hop self"`,
  );
  const { notifier } = notifierOf(t, "/nowhere", program);
  notifier.watchdog();
  await waitUntil("its environment", () => existsSync(join(folder, "env")) || undefined);
  const env = readFileSync(join(folder, "env"), "utf8").trimEnd().split("\n");
  // The shell's own working directory is what dash exports.
  assert.deepEqual(
    env.filter((line) => !line.startsWith("PWD=")),
    ["NOTIFY_SOCKET=/nowhere"],
  );
  assert.equal(readFileSync(join(folder, "fds"), "utf8"), "/dev/null\n/dev/null\n");
});

test("a program that hangs is ended with what it has started, and the next one is run", async (t) => {
  const clock = manualClock();
  const { folder, program } = programOf(
    t,
    `echo "$*" >>$FOLDER/told
[ -e $FOLDER/pid ] && exit 0
echo $$ >$FOLDER/pid.new; mv $FOLDER/pid.new $FOLDER/pid
sleep 600`,
  );
  const problems: (string | undefined)[] = [];
  const notifier = new SystemdNotifier({
    clock,
    socket: "/nowhere",
    problem: (detail) => void problems.push(detail),
    program,
  });
  t.after(() => notifier.end());
  notifier.status("a");
  notifier.watchdog();
  const pid = await waitUntil("its start", () => {
    const path = join(folder, "pid");
    return existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
  });
  clock.advance(3000);
  await turn();
  assert.match(problems.at(-1) ?? "", /took longer than 3000 ms/);
  await waitUntil("its end", () => !existsSync(`/proc/${pid}`) || undefined);
  clock.advance(1000);
  await waitUntil("the end of the problem", () => problems.at(-1) === undefined || undefined);
  // The status again, the ping not: it was of another moment.
  assert.equal(readFileSync(join(folder, "told"), "utf8"), "STATUS=a WATCHDOG=1\nSTATUS=a\n");
});

test("a ping that had to wait for longer than a second is not sent", async (t) => {
  const clock = manualClock();
  const { folder, program } = programOf(
    t,
    `echo "$*" >>$FOLDER/told
while [ ! -e $FOLDER/go ]; do sleep 0.01; done`,
  );
  const told = (): string[] => {
    const path = join(folder, "told");
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  };
  const notifier = new SystemdNotifier({ clock, socket: "/nowhere", problem: () => {}, program });
  t.after(() => notifier.end());
  notifier.status("a");
  await waitUntil("the first", () => told().length === 1 || undefined);
  notifier.status("b");
  notifier.watchdog();
  clock.advance(1001);
  writeFileSync(join(folder, "go"), "");
  await waitUntil("the second", () => told().length === 2 || undefined);
  assert.deepEqual(told(), ["STATUS=a", "STATUS=b"]);
});
