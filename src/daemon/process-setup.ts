/**
 * What must be so before any library is loaded: imported first by main.ts.
 *
 * Node makes fd 1 and 2 non-blocking the first time that anybody looks at `process.stdout` or `process.stderr`, for
 * every process that shares the pipe and for good; ExaBGP shares fd 2. Several libraries look. So both are replaced
 * by a stream that writes to fd 2 as it is: what a library prints must not become a command.
 */
import { writeSync } from "node:fs";
import { Writable } from "node:stream";

const stderr = new Writable({
  decodeStrings: true,
  write(chunk: Buffer, _encoding, done) {
    try {
      writeSync(2, chunk);
    } catch {
      // Nobody reads it; there is nowhere else to say so.
    }
    done();
  },
});
for (const name of ["stdout", "stderr"]) {
  Object.defineProperty(process, name, { value: stderr, configurable: true, enumerable: true });
}

let heard = false;
let reload = () => {
  heard = true;
};
// Without a handler the signal would end a process that is still starting.
process.on("SIGHUP", () => reload());

/** Calls `handler` at each SIGHUP from now on, and at once for one that came before. */
export function onReloadSignal(handler: () => void): void {
  reload = handler;
  if (heard) handler();
}
