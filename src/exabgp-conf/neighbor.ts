/** A `neighbor` of exabgp.conf, with what it inherits from templates. */
import { firstWord, isOn, listOf, settingsOf, type Setting } from "./setting.ts";
import type { Statement } from "./statements.ts";

export interface NeighborConf {
  /** As it is written: an address, or a range of them (`10.0.0.0/24`, passive). */
  readonly address: string;
  readonly line: number;
  /** By name: `local-as`, `hold-time`, `md5-password` … Those in blocks are below. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** Of the block `capability`: `graceful-restart` … */
  readonly capabilities: ReadonlyMap<string, Setting>;
  /** `ipv4 unicast`. Empty: none is named, and ExaBGP offers all it knows. */
  readonly families: readonly string[];
  readonly apis: readonly ApiConf[];
  /** What it announces by itself, whatever the agent decides: of `static` and `announce`. */
  readonly routes: readonly RouteConf[];
}

/** One `api` block. */
export interface ApiConf {
  readonly line: number;
  readonly processes: readonly string[];
  /** Whether it tells the processes of sessions that come up and go down. */
  readonly tellsSessions: boolean;
  /** Whether it tells them what was sent, decoded: `send { parsed; update; }`. */
  readonly tellsUpdates: boolean;
}

export interface RouteConf {
  readonly prefix: string;
  readonly line: number;
}

/** More are a mistake or an attack; ExaBGP itself would follow a chain without end. */
const TEMPLATES_MAX = 16;

/** Where a route is told, in `static`, `announce` and below: `route P …`, `unicast P …`, `attributes … nlri P …`. */
const ROUTE_WORDS = new Set(["route", "unicast", "multicast", "attributes", "attribute"]);

/** @param templates By name. */
export function neighborOf(
  statement: Statement,
  templates: ReadonlyMap<string, Statement>,
): NeighborConf {
  const { line, block = [] } = statement;
  // What a template says replaces what the neighbor says itself, as in ExaBGP (configuration/core/scope.py: transfer).
  const all = [...block, ...inherited(block, templates)];
  const inside = (wanted: string) => all.filter(({ name }) => name === wanted).flatMap(blockOf);
  return {
    address: firstWord(statement),
    line,
    settings: settingsOf(all),
    capabilities: settingsOf(inside("capability")),
    families: inside("family").map((one) => [one.name, ...listOf(one)].join(" ")),
    apis: all.filter(({ name, block: own }) => name === "api" && own !== undefined).map(apiOf),
    routes: [...inside("static"), ...inside("announce")].flatMap(routesOf),
  };
}

function inherited(
  block: readonly Statement[],
  templates: ReadonlyMap<string, Statement>,
): Statement[] {
  const names = block.filter(({ name }) => name === "inherit").flatMap(listOf);
  return [...new Set(names)].slice(0, TEMPLATES_MAX).flatMap((name) => {
    const template = templates.get(name);
    return template === undefined ? [] : blockOf(template);
  });
}

function blockOf({ block = [] }: Statement): readonly Statement[] {
  return block;
}

function apiOf({ line, block = [] }: Statement): ApiConf {
  const settings = settingsOf(block);
  const send = settingsOf(block.filter(({ name }) => name === "send").flatMap(blockOf));
  const has = (table: ReadonlyMap<string, Setting>, name: string) => {
    const setting = table.get(name);
    return setting !== undefined && isOn(setting);
  };
  return {
    line,
    processes: block.filter(({ name }) => name === "processes").flatMap(listOf),
    tellsSessions: has(settings, "neighbor-changes"),
    // `consolidate` is `parsed` and the bytes.
    tellsUpdates: (has(send, "parsed") || has(send, "consolidate")) && has(send, "update"),
  };
}

function routesOf(statement: Statement): RouteConf[] {
  const { name, words, line, block = [] } = statement;
  if (!ROUTE_WORDS.has(name)) return block.flatMap(routesOf);
  return words.filter(({ text }) => text.includes("/")).map(({ text }) => ({ prefix: text, line }));
}
