/** A certificate that is not valid by its dates: bad, unless the wall clock was stepped lately. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { createProbeContext } from "../../checks/context.ts";
import { DOUBT_MS } from "../../checks/wall-clock.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { answering, listen } from "./servers.ts";
import { temporaryFolder } from "./temporary.ts";

const program = fileURLToPath(new URL("stepped.js", import.meta.url));

/** The loader puts the architecture's folder in. */
const LIBRARY = "/usr/$LIB/faketime/libfaketimeMT.so.1";
const hasLibrary = existsSync("/usr/bin/faketime");

/** An HTTPS server whose certificate was made `made` (for faketime), valid for a day, and a check that trusts it. */
async function site(context: TestContext, made: string) {
  const folder = temporaryFolder(context);
  const files = { key: join(folder, "key.pem"), cert: join(folder, "certificate.pem") };
  const parameters =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=anycast.test -addext subjectAltName=IP:127.0.0.1";
  const openssl = ["openssl", ...parameters.split(" "), "-keyout", files.key, "-out", files.cert];
  execFileSync("faketime", ["-f", made, ...openssl], { stdio: "ignore" });
  const tls = createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) });
  const { port } = await listen(context, answering("HTTP/1.1 204 Any\r\n\r\n"), { server: tls });
  const check = { type: "http", url: `https://127.0.0.1:${port}/`, "ca-file": files.cert };
  return { folder, check };
}

describe("dates of a certificate", { timeout: HANG_MS, skip: !hasLibrary }, () => {
  for (const [name, made, detail] of [
    ["over", "-10d", /certificate has expired/],
    ["still to come", "+10d", /certificate is not yet valid/],
  ] as const) {
    test(`that are ${name} count, but not after a step of the clock`, async (t) => {
      const { check } = await site(t, made);
      const timers = manualTimers();
      let aheadMs = 0;
      const context = createProbeContext({ timers, wallMs: () => timers.nowMs() + aheadMs });
      const run = async () => {
        const { result } = await runCheck(check, { context });
        assert.match(result.detail, detail);
        return `${result.outcome} ${result.reason}`;
      };
      assert.equal(await run(), "fail bad-certificate");
      aheadMs = 3_600_000;
      assert.equal(await run(), "inconclusive clock-stepped");
      timers.advance(DOUBT_MS);
      assert.equal(await run(), "fail bad-certificate");
    });
  }

  test("are not believed by a process whose clock really steps", async (t) => {
    const { folder, check } = await site(t, "+0d");
    const ahead = join(folder, "ahead");
    writeFileSync(ahead, "+0\n");
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env["PATH"],
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: ahead,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    t.after(() => child.kill("SIGKILL"));
    child.stderr.pipe(process.stderr);
    const lines = createInterface(child.stdout);
    const run = async (): Promise<string> => {
      const said = once(lines, "line") as Promise<[string]>;
      child.stdin.write(`${JSON.stringify(check)}\n`);
      return (await said)[0];
    };
    const year = new Date().getUTCFullYear();
    assert.match(await run(), new RegExp(`^${year} pass passed`));
    writeFileSync(ahead, "+2y\n");
    const stepped = await run();
    assert.match(
      stepped,
      new RegExp(`^${year + 2} inconclusive clock-stepped \\(the clock was set`),
    );
    assert.match(stepped, /forward by \d+(\.\d)? s: bad-certificate: certificate has expired\)$/);
    writeFileSync(ahead, "+0\n");
    assert.match(await run(), new RegExp(`^${year} pass passed`));
  });
});
