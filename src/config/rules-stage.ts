/** Warnings about staged drains that will not do what was meant. */
import { formatDuration, parseDuration } from "./duration.ts";
import { formatPath, type Problem } from "./problem.ts";
import { problemAt, type ServiceSource, type Sources } from "./source.ts";

export function stageWarnings({ main, maintenance, services }: Sources): Problem[] {
  const unused = services
    .filter((service) => delayMsOf(service) > 0 && service.draft.when?.draining === "withdraw")
    .map((service) => {
      const message = `${service.draft["drain-delay"]} has no effect: when.draining is withdraw`;
      return problemAt(service, ["drain-delay"], message, "better 0s");
    });
  const short = maintenance.flatMap((window, index): Problem[] => {
    if (window?.for === undefined) return [];
    const forMs = parseDuration(window.for);
    const named = window.services ?? [];
    const late = services.find(
      (service) =>
        (named.includes(service.name) || named.includes("_all")) &&
        service.draft.when?.draining !== "withdraw" &&
        delayMsOf(service) >= forMs,
    );
    if (late === undefined) return [];
    const path = ["maintenance", index, "for"];
    const delay = formatDuration(delayMsOf(late));
    const message = `${formatDuration(forMs)} is over before ${late.name} is withdrawn, whose drain-delay is ${delay}`;
    const allowed = `better more than ${delay}`;
    return [{ ...main.place(path), path: formatPath(path), message, allowed }];
  });
  return [...unused, ...short];
}

function delayMsOf({ draft }: ServiceSource): number {
  return parseDuration(draft["drain-delay"] ?? "0s");
}
