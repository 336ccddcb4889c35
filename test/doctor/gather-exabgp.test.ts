/** How the files of a running ExaBGP are read from its command line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf } from "../../src/doctor/gather-exabgp.ts";

const cases = [
  { line: "/usr/bin/python3 /usr/sbin/exabgp /c", conf: "/c" },
  { line: "/usr/bin/python3 /usr/sbin/exabgp --env /e /c", conf: "/c", env: "/e" },
  { line: "/usr/bin/python3 /usr/sbin/exabgp -e /e -d /c", conf: "/c", env: "/e" },
  { line: "/usr/bin/python3 /usr/sbin/exabgp --env=/e /c", conf: "/c", env: "/e" },
  { line: "/usr/sbin/exabgp --pdb /c", conf: "/c" },
  { line: "/usr/bin/python3 -m exabgp --env-file /e server /c", conf: "/c", env: "/e" },
  { line: "/usr/bin/python3 -m exabgp --env-file=/e server -s 5 /c", conf: "/c", env: "/e" },
];
for (const { line, conf, env } of cases) {
  test(line, () => {
    const seen = { pid: process.pid, uid: 0, argv: line.split(" ") };
    assert.deepEqual(filesOf(seen), { confPath: conf, envPath: env });
  });
}
