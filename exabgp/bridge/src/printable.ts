/** Enough for a reason or a certificate's subject; a peer must not fill a journal. */
const TEXT_MAX = 200;

/** Untrusted words for people: anything but printable ASCII becomes `?`, the rest is cut. */
export function printable(text: string): string {
  const ascii = text.slice(0, TEXT_MAX + 1).replaceAll(/[^\x20-\x7e]/g, "?");
  return ascii.length > TEXT_MAX ? `${ascii.slice(0, TEXT_MAX - 3)}...` : ascii;
}
