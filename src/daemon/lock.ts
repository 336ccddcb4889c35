/**
 * One agent for each state-dir. Whoever wants it leaves a claim, an empty file whose name says which process, under which
 * ExaBGP, in which boot; then it looks at the claims of others. With none of a living process beside it, it has the lock.
 * A name is never another's, so that a claim of the dead can be removed at any time without removing that of somebody
 * who was quicker. (Node.js has no flock; a file of one name would have to be taken over from the dead, which two can do
 * at once.)
 *
 * Safe: of two, one has looked after the other's claim was there. Live: of those that claim at once the eldest stays, and
 * the others take theirs back.
 */
import { chownSync, closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { bootId, type Identity, identityOf, isRunning } from "./life.ts";
import { codeOf } from "./untrusted.ts";

/** One process that wants the folder, or has it. */
export interface Claimant {
  readonly boot: string;
  readonly self: Identity;
  readonly exabgp: Identity;
}

/** This process, and the ExaBGP above it. */
export function ownClaimant(): Claimant {
  return { boot: bootId(), self: identityOf(process.pid), exabgp: identityOf(process.ppid) };
}

export interface LockOptions {
  readonly stateDir: string;
  readonly own: Claimant;
  /** Whether that very process still runs; default: as /proc says. */
  readonly runs?: (identity: Identity) => boolean;
}

/** `unlocked`: no claim can be made there; nobody else has one, as far as can be seen. */
export type Taken =
  | { readonly outcome: "taken" }
  | { readonly outcome: "unlocked"; readonly problem: string }
  | { readonly outcome: "busy"; readonly holder: Claimant };

const FOLDER = "lock";
const NAME =
  /^(?<pid>\d+)-(?<start>\d+)-of-(?<exabgp>\d+)-(?<exabgpStart>\d+)-in-(?<boot>[0-9a-f-]*)$/;

/** More claims than agents can start in a moment: what is beyond is not looked at. */
const CLAIMS_MAX = 1000;

export class Lock {
  readonly #folder: string;
  readonly #own: Claimant;
  readonly #runs: (identity: Identity) => boolean;

  constructor({ stateDir, own, runs = isRunning }: LockOptions) {
    this.#folder = join(stateDir, FOLDER);
    this.#own = own;
    this.#runs = runs;
  }

  /** Tries once; to be called again while it is `busy`. Never throws. */
  take(): Taken {
    // Whoever only looks makes nobody else wait.
    const before = this.#others()[0];
    if (before !== undefined && isElder(before.self, this.#own.self)) return this.#back(before);
    const problem = this.#claim();
    const [other] = this.#others();
    if (other === undefined) {
      return problem === undefined ? { outcome: "taken" } : { outcome: "unlocked", problem };
    }
    // The eldest keeps its claim while the others take theirs back, or the one that has the lock has it.
    return isElder(other.self, this.#own.self)
      ? this.#back(other)
      : { outcome: "busy", holder: other };
  }

  /** What that one claims counts no more, though it may run: it is an orphan that cannot be ended. */
  dismiss(holder: Claimant): void {
    this.#remove(nameOf(holder));
  }

  /** The next one need not find out that this one is dead. */
  release(): void {
    this.#remove(nameOf(this.#own));
  }

  #back(holder: Claimant): Taken {
    this.#remove(nameOf(this.#own));
    return { outcome: "busy", holder };
  }

  /** @returns Why it cannot be made; undefined when it is there. */
  #claim(): string | undefined {
    try {
      if (mkdirSync(this.#folder, { recursive: true, mode: 0o750 }) !== undefined) {
        // Whoever may use the folder above may use this one, also when root made it.
        const { uid, gid } = statSync(dirname(this.#folder));
        if (process.geteuid?.() === 0) chownSync(this.#folder, uid, gid);
      }
      closeSync(openSync(join(this.#folder, nameOf(this.#own)), "w", 0o640));
      return undefined;
    } catch (error) {
      return `Cannot lock ${JSON.stringify(this.#folder)}: ${codeOf(error)}`;
    }
  }

  /** Claims of living processes but for our own, the eldest first; those of the dead are removed. */
  #others(): Claimant[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder).slice(0, CLAIMS_MAX);
    } catch {
      return [];
    }
    const own = nameOf(this.#own);
    const living: Claimant[] = [];
    for (const name of names) {
      const claimant = claimantOf(name);
      if (claimant === undefined || name === own) continue;
      if (claimant.boot === this.#own.boot && this.#runs(claimant.self)) living.push(claimant);
      else this.#remove(name);
    }
    return living.toSorted((one, other) => (isElder(one.self, other.self) ? -1 : 1));
  }

  #remove(name: string): void {
    try {
      rmSync(join(this.#folder, name), { force: true });
    } catch {
      // On a read-only disk nobody claims either.
    }
  }
}

function isElder(one: Identity, other: Identity): boolean {
  const [start, otherStart] = [Number(one.startTime), Number(other.startTime)];
  return start < otherStart || (start === otherStart && one.pid < other.pid);
}

function nameOf({ boot, self, exabgp }: Claimant): string {
  return `${self.pid}-${self.startTime}-of-${exabgp.pid}-${exabgp.startTime}-in-${boot}`;
}

function claimantOf(name: string): Claimant | undefined {
  const { pid, start, exabgp, exabgpStart, boot } = NAME.exec(name)?.groups ?? {};
  if (pid === undefined || start === undefined || boot === undefined) return undefined;
  return {
    boot,
    self: { pid: Number(pid), startTime: start },
    exabgp: { pid: Number(exabgp), startTime: exabgpStart ?? "" },
  };
}
