/**
 * The dead-man's switch, a thread of its own: when the main loop gives no sign, it withdraws in its place, leaves word
 * of that for the next life, and ends the process. It loads nothing but this folder's small files: each thread of
 * Node.js takes 8 MiB as it is.
 */
import { renameSync, writeFileSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { countSilence, isBlocked, TICK_MS, type Silence } from "./dead-man-count.ts";
import type {
  DeadManMessage,
  DeadManService,
  DeadManStart,
  DeadManWord,
} from "./dead-man-message.ts";
import { DeadManPipe } from "./dead-man-pipe.ts";
import { DeadManTable, type Withdrawal } from "./dead-man-table.ts";
import { beatOf, endsWithinLine, giveBack, isArmed, takeWriting } from "./dead-man-words.ts";

/** The main thread is within a write for longer than that only if ExaBGP does not read. */
const WRITE_MAX_MS = 300;

/** ExaBGP answers within milliseconds, and its answers to ten thousand withdrawals come one after another. */
const ANSWER_MAX_MS = 500;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- dead-man.ts gives it
const { buffer, path, boot } = workerData as DeadManStart;
const words = new Int32Array(buffer);
const table = new DeadManTable();
const pipe = new DeadManPipe();
let barrier: string | undefined;
let silence: Silence = { beat: beatOf(words), silentMs: 0, lookedAtMs: performance.now() };

/** Read at each look and not when they come: the thread wakes up ten times a second and no more. */
function takeMessages(): void {
  if (parentPort === null) return;
  for (;;) {
    const received = receiveMessageOnPort(parentPort);
    if (received === undefined) return;
    const message: DeadManMessage = received.message;
    const { kind, text } = message;
    if (kind === "barrier") barrier = text;
    else table.take(message);
  }
}

function look(): void {
  takeMessages();
  silence = countSilence(silence, { beat: beatOf(words), nowMs: performance.now() });
  if (!isArmed(words)) silence = { ...silence, silentMs: 0 };
  if (isBlocked(silence)) act();
  setTimeout(look, TICK_MS);
}

function act(): void {
  const hasPipe = takeWriting(words, WRITE_MAX_MS);
  // It has woken up this very moment.
  if (beatOf(words) !== silence.beat || !isArmed(words)) {
    if (hasPipe) giveBack(words);
    return;
  }
  // Told before it was written.
  takeMessages();
  const wanted = table.withdrawals();
  const lines = wanted.map(({ line }) => line);
  const count = hasPipe ? pipe.writeAll(lines, endsWithinLine(words)) : 0;
  const written = wanted.slice(0, count);
  const isTaken =
    written.length > 0 && barrier !== undefined && pipe.awaitAnswer(barrier, ANSWER_MAX_MS);
  leaveWord(wanted, written, isTaken);
  process.kill(process.pid, "SIGKILL");
}

function leaveWord(
  wanted: readonly Withdrawal[],
  written: readonly Withdrawal[],
  isTaken: boolean,
): void {
  const word: DeadManWord = {
    boot,
    at: new Date().toISOString(),
    monotonicMs: Number(process.hrtime.bigint() / 1_000_000n),
    silentMs: Math.round(silence.silentMs),
    ack: isTaken ? "done" : "timeout",
    services: byService(wanted, new Set(written)),
  };
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(word)}\n`, { mode: 0o640 });
    renameSync(`${path}.new`, path);
  } catch {
    // Then nobody is told; the routes count.
  }
}

function byService(
  wanted: readonly Withdrawal[],
  written: ReadonlySet<Withdrawal>,
): DeadManService[] {
  const services = new Map<
    string,
    { service: string; prefixes: string[]; commands: string[]; missed: number }
  >();
  for (const one of wanted) {
    for (const prefix of one.prefixes) {
      for (const service of table.servicesOf(prefix)) {
        const entry = services.get(service) ?? { service, prefixes: [], commands: [], missed: 0 };
        services.set(service, entry);
        if (!written.has(one)) {
          entry.missed += 1;
          continue;
        }
        entry.prefixes.push(prefix);
        if (entry.commands.at(-1) !== one.line) entry.commands.push(one.line);
      }
    }
  }
  return [...services.values()];
}

look();
