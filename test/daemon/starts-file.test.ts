import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { count } from "../../src/daemon/crash-loop.ts";
import { earlySocketPath } from "../../src/daemon/early-start.ts";
import { readStarts, startsPath } from "../../src/daemon/starts-file.ts";
import { temporaryFolder } from "../checks/temporary.ts";

const NOBODY = 65_534;

/** A file that says of three lives of ExaBGP "one" that they crashed a moment ago. */
function crashes(folder: string): string {
  const path = startsPath(join(folder, "agent.sock"));
  for (const pid of [1, 2, 3]) assert.equal(count(path, "one", pid, 1000 + pid).idleMs, 0);
  return path;
}

describe("the file of starts", () => {
  it("is beside the socket, and for nobody else", (t) => {
    const folder = temporaryFolder(t);
    const path = crashes(folder);
    assert.deepEqual(readdirSync(folder), ["agent.sock.starts"]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it("makes the next one idle, but not one under another ExaBGP", (t) => {
    const path = crashes(temporaryFolder(t));
    assert.equal(count(path, "two", 4, 2000).idleMs, 0);
    assert.equal(count(path, "one", 5, 2000).idleMs, 15_000);
  });

  it("counts a process once, and knows it by its ExaBGP too", (t) => {
    const path = crashes(temporaryFolder(t));
    count(path, "one", 3, 1500);
    count(path, "two", 3, 1500);
    assert.deepEqual(
      readStarts(path).map(({ life, pid }) => `${life} ${pid}`),
      ["one 1", "one 2", "one 3", "two 3"],
    );
  });

  it("marks a start in its place", (t) => {
    const path = startsPath(join(temporaryFolder(t), "agent.sock"));
    const first = count(path, "one", 1, 1000);
    first.running();
    count(path, "one", 2, 1001).running();
    first.clean();
    assert.deepEqual(
      readStarts(path).map(({ pid, stage }) => `${pid} ${stage}`),
      ["1 clean", "2 running"],
    );
  });

  it("stays small", (t) => {
    const path = crashes(temporaryFolder(t));
    for (let pid = 10; pid < 200; pid += 1) count(path, "one", pid, pid * 1e6);
    assert.equal(readStarts(path).length, 24);
  });

  it("tells until when systemd may hear of a loop: two minutes from its first idling", (t) => {
    const path = crashes(temporaryFolder(t));
    assert.equal(count(path, "one", 4, 2000).pingsUntilMs, 122_000);
    assert.equal(count(path, "one", 5, 17_000).pingsUntilMs, 122_000);
  });

  const replacements: { name: string; put: (path: string, folder: string) => void }[] = [
    { name: "garbage", put: (path) => writeFileSync(path, "\u0000{") },
    { name: "other JSON", put: (path) => writeFileSync(path, '[7,null,{"life":1},{"pid":"x"}]') },
    { name: "a gigabyte", put: (path) => execFileSync("truncate", ["-s", "1G", path]) },
    { name: "what somebody else wrote", put: (path) => chownSync(path, NOBODY, NOBODY) },
    { name: "what everybody may write", put: (path) => chmodSync(path, 0o666) },
    {
      name: "a pipe that nobody writes to",
      put: (path) => execFileSync("sh", ["-c", 'rm "$0"; mkfifo "$0"', path]),
    },
    {
      name: "a link",
      put(path, folder) {
        writeFileSync(join(folder, "precious"), readFileSync(path));
        execFileSync("rm", [path]);
        symlinkSync(join(folder, "precious"), path);
      },
    },
  ];
  for (const { name, put } of replacements) {
    it(`counts anew in the place of ${name}`, (t) => {
      const folder = temporaryFolder(t);
      const path = crashes(folder);
      put(path, folder);
      const { idleMs, problem } = count(path, "one", 4, 2000);
      assert.deepEqual([idleMs, problem], [0, undefined]);
      assert.ok(lstatSync(path).isFile());
      assert.deepEqual(
        readStarts(path).map(({ pid }) => pid),
        [4],
      );
    });
  }

  it("says what keeps it from being written, and delays nobody", (t) => {
    const folder = temporaryFolder(t);
    const path = startsPath(join(folder, "agent.sock"));
    mkdirSync(path);
    for (const pid of [1, 2, 3, 4, 5, 6]) {
      const { idleMs, problem } = count(path, "one", pid, 1000);
      assert.deepEqual([idleMs, problem], [0, `Cannot count starts in "${path}": EISDIR`]);
    }
    assert.deepEqual(readdirSync(folder), ["agent.sock.starts"]);
    const nowhere = startsPath(join(folder, "missing", "agent.sock"));
    assert.match(count(nowhere, "one", 1, 1000).problem ?? "", /ENOENT$/);
  });
});

describe("before the agent is loaded", () => {
  it("its socket is known from a line of its file, whatever else is wrong", (t) => {
    const path = join(temporaryFolder(t), "anyctl.yaml");
    const cases: [string, string[], Record<string, string>, string][] = [
      ["socket: /a/b.sock # here\n", ["--config", path], {}, "/a/b.sock"],
      ["services: [\nsocket: '/a b/c'\n", [`--config=${path}`, "--oops"], {}, "/a b/c"],
      ['socket: "/x/y"\n', ["--log-level", "loud"], { ANYCTL_CONFIG: path }, "/x/y"],
      ["socket: relative\n", ["--config", path], {}, "/run/anyctl/agent.sock"],
      ["pop: x\n", ["--config", path], {}, "/run/anyctl/agent.sock"],
      ["socket: /a/b\n", ["--config", "/nowhere"], {}, "/run/anyctl/agent.sock"],
      ["socket: /a/b\n", ["--config"], {}, "/run/anyctl/agent.sock"],
    ];
    for (const [text, argv, env, socketPath] of cases) {
      writeFileSync(path, text);
      assert.equal(earlySocketPath(argv, env), socketPath, text);
    }
  });
});
