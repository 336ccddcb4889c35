/** A check in one word, as it is given to `anyctl init`: `http://…`, `tcp:HOST:PORT`, … */
import { configMistake } from "./trial.ts";

export interface CheckGuess {
  /** The name that it gets; a number is added where there are two. */
  readonly name: string;
  readonly serviceName: string;
  /** As in anyctl.yaml. */
  readonly spec: Readonly<Record<string, string | number | boolean>>;
}

const CHECK_FORMS =
  "http://HOST/PATH, https://HOST/PATH, tcp:HOST:PORT, dns:SERVER/NAME, unix:PATH or systemd:UNIT";

/** @returns Undefined where it has none of the forms; whether its values are right is another question. */
export function checkOf(text: string): CheckGuess | undefined {
  if (/^https?:\/\//i.test(text)) {
    const spec = { type: "http", url: text, watch: true };
    return { name: "web", serviceName: "web", spec };
  }
  const [, kind = "", rest = ""] = /^(tcp|dns|unix|systemd):(.+)$/s.exec(text) ?? [];
  switch (kind) {
    case "tcp": {
      const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]+)):(\d{1,5})$/s.exec(rest) ?? [];
      const host = bracketed ?? plain;
      if (host === undefined) return undefined;
      const spec = { type: "tcp", host, port: Number(port), watch: true };
      return { name: "port", serviceName: "main", spec };
    }
    case "dns": {
      const [, server, name] = /^([^/]+)\/(.+)$/s.exec(rest) ?? [];
      if (server === undefined || name === undefined) return undefined;
      return { name: "resolver", serviceName: "dns", spec: { type: "dns", server, name } };
    }
    case "unix":
      return {
        name: "socket",
        serviceName: "main",
        spec: { type: "unix", path: rest, watch: true },
      };
    case "systemd": {
      const unit = rest.includes(".") ? rest : `${rest}.service`;
      return { name: "unit", serviceName: "main", spec: { type: "systemd", unit } };
    }
    default:
      return undefined;
  }
}

export function checkMistake(text: string): string | undefined {
  const guess = checkOf(text);
  if (guess === undefined) return `must be ${CHECK_FORMS}`;
  return configMistake({ checks: { [guess.name]: guess.spec } });
}

/** Each with a name of its own. */
export function namedChecks(texts: readonly string[]): Record<string, CheckGuess["spec"]> {
  const checks: Record<string, CheckGuess["spec"]> = {};
  for (const text of texts) {
    const guess = checkOf(text);
    if (guess === undefined) continue;
    let [name, number] = [guess.name, 2];
    while (name in checks) name = `${guess.name}-${number++}`;
    checks[name] = guess.spec;
  }
  return checks;
}
