/** Words that somebody typed, in messages. */

/** More of a word says no more about what is wrong with it. */
const SHOWN_MAX = 80;

export function quote(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
}
