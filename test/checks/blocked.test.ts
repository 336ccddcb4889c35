/** A process that was busy with itself does not blame the services for what it missed. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HANG_MS } from "./probing.ts";
import { listen, type Serve } from "./servers.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("blocked.js", import.meta.url));

const TIMEOUT_MS = 400;

/** A healthy server, but a slow one. */
const SLOW_MS = 40;

const ANSWER = "HTTP/1.1 204 Any\r\n\r\n";

const answeringAfter =
  (delayMs: number): Serve =>
  (socket) =>
    socket.on("data", () => setTimeout(() => socket.write(ANSWER), delayMs));

describe("a blocked event loop", { timeout: HANG_MS }, () => {
  for (const timeouts of [0.7, 0.95, 1.2, 1.4, 1.65, 1.9]) {
    test(`for ${timeouts} timeouts is no failure of a healthy service`, async (context) => {
      const fast = await listen(context, answeringAfter(0));
      const slow = await listen(context, answeringAfter(SLOW_MS));
      const checks = [
        { type: "http", url: `http://127.0.0.1:${fast.port}/` },
        { type: "http", url: `http://127.0.0.1:${slow.port}/` },
        { type: "tcp", host: "127.0.0.1", port: fast.port },
        // Nobody listens on ::1, which is tried when 127.0.0.1 seems to be silent.
        { type: "tcp", host: "localhost", port: fast.port },
        { type: "http", url: `http://localhost:${fast.port}/` },
      ].map((check) => JSON.stringify(check));
      const times = [TIMEOUT_MS, timeouts * TIMEOUT_MS].map(String);
      const { stdout } = await run(process.execPath, [program, ...times, ...checks]);
      const lines = stdout.trim().split("\n");
      const failed = lines.filter((line) => !/^(?:pass|inconclusive stalled) /.test(line));
      assert.deepEqual(failed, []);
      assert.ok(lines.length > 50 && lines.some((line) => line.startsWith("pass ")), stdout);
    });
  }
});
