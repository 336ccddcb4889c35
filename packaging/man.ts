/** `anyctl --help`, and that of every command, as a manual page. */
/**
 * @param ask Runs the program with these words.
 * @param date As `2026-03-01`
 * @returns Source for `man`.
 */
export function manPage(
  ask: (words: readonly string[]) => string,
  version: string,
  date: string,
): string {
  const help = (...words: string[]): string => ask([...words, "--help"]);
  const overview = help();
  return `.TH ANYCTL 1 "${date}" "anyctl ${version}" "User Commands"
.SH NAME
anyctl \\- keep a PoP in its anycast set exactly as long as it serves
.SH SYNOPSIS
.B anyctl
.I COMMAND
[options]
.SH DESCRIPTION
ExaBGP runs
.B anyctl agent
as a child. The agent probes the services of this PoP and announces or withdraws their prefixes. The other commands
drain services, ask for their state, and read the records.
.PP
${asWritten(overview)}
.SH COMMANDS
${commandsIn(overview)
  .map((name) => `.SS "anyctl ${name}"\n${asWritten(help(name))}`)
  .join("\n")}
.SH FILES
.TP
.I /etc/anyctl/anyctl.yaml
The configuration; none is shipped.
.B anyctl init
writes one.
.TP
.I /var/lib/anyctl
Drains, pins and the history of decisions.
.TP
.I /run/anyctl/agent.sock
Where the agent answers.
.SH SEE ALSO
.BR exabgp (1),
.BR journalctl (1),
.I /usr/share/doc/anyctl
`;
}

/** The first word of every line of the list of commands. */
function commandsIn(overview: string): string[] {
  const list = overview.split(/^Commands:\n/m)[1]?.split("\n\n")[0] ?? "";
  const names = [...list.matchAll(/^ {2}(?:anyctl )?(?<name>[a-z]+)\b/gm)].map(
    ({ groups }) => groups?.["name"] ?? "",
  );
  if (names.length === 0) throw new Error("Cannot find the commands in `anyctl --help`");
  return [...new Set(names)];
}

/** Lines stay lines; nothing in them is a request. */
function asWritten(text: string): string {
  const lines = text.trimEnd().replaceAll("\\", "\\e").replaceAll("-", "\\-").split("\n");
  return `.nf\n${lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line)).join("\n")}\n.fi`;
}
