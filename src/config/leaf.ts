/**
 * The building blocks of the schema. Every message has the form "must be ALLOWED": `issues.ts` puts the value seen
 * before it. Every description ends with the default in brackets: `reference.ts` makes a column of it.
 */
import { z } from "zod";
import { DURATION_PATTERN, durationsAllowed, isDuration } from "./duration.ts";

/** Text that `isRight` accepts. */
export function text(allowed: string, isRight: (value: string) => boolean): z.ZodString {
  return z.string(`must be ${allowed}`).refine(isRight, `must be ${allowed}`);
}

/** Text that `pattern` matches; editors see the pattern. */
export function pattern(allowed: string, expression: RegExp): z.ZodString {
  return z.string(`must be ${allowed}`).regex(expression, `must be ${allowed}`);
}

/** A whole number; YAML's `1e3` is one, `"100"` is not. */
export function integer(min: number, max: number): z.ZodInt {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message);
}

/** Text that stays text, so that the effective configuration can show it as it was written. */
export function duration(minMs: number, maxMs: number): z.ZodString {
  const message = `must be ${durationsAllowed(minMs, maxMs)}`;
  return z
    .string(message)
    .regex(DURATION_PATTERN, { error: message, abort: true })
    .refine((value) => isDuration(value, minMs, maxMs), message);
}

/** One of some words. */
export function word<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, `must be ${words.join(" or ")}`);
}

/** A list with at least one entry. */
export function list<Item extends z.ZodType>(item: Item, max: number): z.ZodArray<Item> {
  const message = `must be a list of 1 to ${max}`;
  return z.array(item, message).min(1, message).max(max, message);
}

/** Names of services and checks: they become file names, log fields and parts of URLs. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * A map from names to `value`, with at least one entry. The names themselves are judged by a rule: a record whose
 * key is wrong does not look at the value.
 */
export function named<Value extends z.ZodType>(
  value: Value,
  max: number,
): z.ZodRecord<z.ZodString, Value> {
  const message = `must be a map with 1 to ${max} names`;
  const key = z.string().meta({ pattern: NAME_PATTERN.source });
  return z
    .record(key, value, message)
    .refine((map) => {
      const count = Object.keys(map).length;
      return count >= 1 && count <= max;
    }, message)
    .meta({ minProperties: 1, maxProperties: max });
}
