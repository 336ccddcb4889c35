/** A wall clock that a test sets: that of an ExaBGP and its agent, and nobody else's. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SetClock {
  /** @param aheadS Of the host's clock, seconds. */
  set(aheadS: number): void;
  /** What makes ExaBGP have this clock. */
  readonly exabgpEnv: Readonly<Record<string, string>>;
  /** An executable in the place of the agent's, which runs that with this clock. Needs libfaketime. */
  readonly agent: string;
}

export const hasFaketime = existsSync("/usr/bin/faketime");

/** @param folder Readable by everybody. */
export function createSetClock(folder: string): SetClock {
  const file = join(folder, "clock");
  const python = join(folder, "python");
  const agent = join(folder, "agent");
  mkdirSync(python, { mode: 0o755 });
  // ExaBGP 4.2.21 below libfaketime ends in a loop of its own when a session is lost: so Python's clock is set.
  writeFileSync(
    join(python, "sitecustomize.py"),
    `import time
_time = time.time
def _set():
    with open("${file}") as ahead:
        return _time() + float(ahead.read())
time.time = _set
`,
    { mode: 0o644 },
  );
  // It is given `agent --config LAB/POP/anyctl.yaml`, and the lab shows the repository as LAB/app.
  writeFileSync(
    agent,
    `#!/bin/sh
export LD_PRELOAD='/usr/$LIB/faketime/libfaketimeMT.so.1' FAKETIME_TIMESTAMP_FILE=${file}
export FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
exec "$(dirname "$(dirname "$3")")/app/bin/anyctl" "$@"
`,
    { mode: 0o755 },
  );
  const clock: SetClock = {
    set(aheadS) {
      // In one step: half a number would be another time.
      writeFileSync(`${file}.new`, `+${aheadS}\n`, { mode: 0o644 });
      renameSync(`${file}.new`, file);
    },
    exabgpEnv: { PYTHONPATH: python },
    agent,
  };
  clock.set(0);
  return clock;
}
