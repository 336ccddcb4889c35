/** docs/doctor.md: every rule, from the table itself. */
import { RULE_GROUPS } from "./rules.ts";

/** Stands before the rules in the file; what is above it is written by hand. */
const RULES_BEGIN = "<!-- Written by `npm run docs`: do not edit below. -->\n";

/** @param text The file as it is. @returns The same with the rules as they are. */
export function renderDoctorPage(text: string): string {
  const at = text.indexOf(RULES_BEGIN);
  if (at < 0) throw new Error("Cannot write docs/doctor.md: it has no line where the rules begin");
  const groups = [...RULE_GROUPS].map(([title, rules]) => {
    const entries = rules.map(
      ({ id, severity, about, why, mend }) =>
        `**\`${id}\`** (${severity}): ${about}.\n${why}\n*${mend}*\n`,
    );
    return `\n## ${title}\n\n${entries.join("\n")}`;
  });
  return text.slice(0, at) + RULES_BEGIN + groups.join("");
}
