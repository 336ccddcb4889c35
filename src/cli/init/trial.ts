/** Asks the configuration's own rules about one answer, so that there are not two sets of rules. */
import { stringify } from "yaml";
import { ConfigError, parseConfig } from "../../config/load.ts";

interface Trial {
  readonly pop?: string;
  readonly service?: string;
  readonly prefixes?: readonly string[];
  readonly scope?: string;
  readonly checks?: Readonly<Record<string, unknown>>;
}

const SOUND_CHECK = { sound: { type: "tcp", host: "127.0.0.1", port: 1 } };

/** @returns The first thing that is wrong with a configuration that has these values, and others that are right. */
export function configMistake({
  pop = "pop",
  service = "main",
  ...trial
}: Trial): string | undefined {
  const { prefixes = ["192.0.2.0/24"], scope = "local", checks = SOUND_CHECK } = trial;
  const document = { pop, services: { [service]: { prefixes, scope, checks } } };
  const text = stringify(document);
  try {
    parseConfig([{ path: "anyctl.yaml", text }]);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [problem] = error.problems;
    if (problem === undefined) throw error;
    const { message, allowed } = problem;
    return allowed === "" ? message : `${message}; allowed: ${allowed}`;
  }
}
