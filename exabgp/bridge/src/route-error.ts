/** The refusal of a route. */

/** Enough to find the value in a configuration; what a stranger sent must not fill a journal. */
const SHOWN_MAX = 80;

/** A route that cannot be written as one line of the closed grammar. */
export class RouteError extends Error {
  override readonly name = "RouteError";
  readonly code = "INVALID_ROUTE";
  /** The wrong key, with the index in a list (`communities[2]`); empty for the route as a whole. */
  readonly field: string;
  /** What was found there, in printable ASCII, cut. */
  readonly value: string;
  /** What would have been right. */
  readonly allowed: string;

  constructor(field: string, found: unknown, allowed: string) {
    const where = printable(field);
    const value = describe(found);
    super(
      `Cannot use route: ${where === "" ? "it" : where} must be ${allowed}: current value is ${value}`,
    );
    this.field = where;
    this.value = value;
    this.allowed = allowed;
  }
}

/** Never calls into `found`: its `toString` is as untrusted as the rest of it. */
function describe(found: unknown): string {
  switch (typeof found) {
    case "string":
      return printable(JSON.stringify(found.slice(0, SHOWN_MAX)));
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
      return printable(String(found));
    case "symbol":
      return "a symbol";
    case "function":
      return "a function";
    case "object":
      return found === null ? "null" : Array.isArray(found) ? "a list" : "an object";
  }
}

function printable(text: string): string {
  return text.slice(0, SHOWN_MAX).replaceAll(/[^\x20-\x7e]/g, "?");
}
