/** What BIRD says about routes and sessions, as data. */
import type { ControlLine } from "./bird-control.ts";

export interface RouterRoute {
  readonly prefix: string;
  /** The name of the session that it came from. */
  readonly session: string;
  readonly isBest: boolean;
  /** As BIRD prints them, without `BGP.`: `as_path`, `med`, `community`, `local_pref`, `next_hop`, … */
  readonly attributes: ReadonlyMap<string, string>;
}

/** UPDATEs of one session, counted by route, as `show protocols all` has them. */
export interface UpdateCounters {
  /** Announcements that came in. */
  readonly announced: number;
  /** Of these, the ones that repeated what BIRD had. */
  readonly repeated: number;
  readonly withdrawn: number;
}

/** The answer to `show route PREFIX all`. */
export function parseRoutes(lines: readonly ControlLine[]): RouterRoute[] {
  const routes: (RouterRoute & { attributes: Map<string, string> })[] = [];
  let prefix = "";
  for (const { text } of lines) {
    const route = /^(\S*)\s+unicast \[(\S+) [^\]]*\] (\*)?/.exec(text);
    const attribute = /^\s+BGP\.(\w+): (.*)$/.exec(text);
    if (route !== null) {
      // Further routes of one prefix have a blank instead of it.
      prefix = route[1] === "" ? prefix : (route[1] ?? "");
      routes.push({
        prefix,
        session: route[2] ?? "",
        isBest: route[3] === "*",
        attributes: new Map(),
      });
    } else if (attribute !== null) {
      routes.at(-1)?.attributes.set(attribute[1] ?? "", attribute[2] ?? "");
    }
  }
  return routes;
}

/** The answer to `show protocols all SESSION`: whether BGP is established, and what came in since. */
export function parseSession(lines: readonly ControlLine[]): {
  readonly isUp: boolean;
  readonly counters: UpdateCounters;
} {
  const text = lines.map((line) => line.text).join("\n");
  const [announced, , , repeated] = numbersAfter(text, "Import updates:");
  const [withdrawn] = numbersAfter(text, "Import withdraws:");
  return {
    isUp: /BGP state:\s+Established/.test(text),
    counters: { announced: announced ?? 0, repeated: repeated ?? 0, withdrawn: withdrawn ?? 0 },
  };
}

function numbersAfter(text: string, heading: string): number[] {
  const at = text.indexOf(heading);
  if (at < 0) return [];
  const rest = text.slice(at + heading.length).split("\n")[0] ?? "";
  return rest
    .trim()
    .split(/\s+/)
    .map((number) => (number === "---" ? 0 : Number(number)));
}
