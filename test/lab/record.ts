/** What stands in /run about every lab, so that whoever comes next can remove what a killed one left behind. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hasCode } from "./error-code.ts";

/** Gone after a reboot, as namespaces and processes are. */
const RECORDS_FOLDER = "/run/anyctl-lab";

export const LabRecord = z.strictObject({
  id: z.string().describe("Unique on this machine; the namespaces are named anyctl-ID-PLACE."),
  folder: z.string().describe("Everything that the lab writes is in here."),
  owner: z
    .strictObject({ pid: z.int(), startTicks: z.int() })
    .describe("Who made it. When that runs no more, the lab may go, unless it stays."),
  stays: z.boolean(),
});
export type LabRecord = Readonly<z.infer<typeof LabRecord>>;

export function writeRecord(record: LabRecord): void {
  mkdirSync(RECORDS_FOLDER, { recursive: true, mode: 0o755 });
  const file = fileOf(record.id);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

export function readRecords(): LabRecord[] {
  return fileNames().flatMap((name) => {
    try {
      return [LabRecord.parse(JSON.parse(readFileSync(join(RECORDS_FOLDER, name), "utf8")))];
    } catch (error) {
      // Another process removed its lab between the two reads.
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  });
}

export function removeRecord(id: string): void {
  rmSync(fileOf(id), { force: true });
}

function fileOf(id: string): string {
  return join(RECORDS_FOLDER, `${id}.json`);
}

function fileNames(): string[] {
  try {
    return readdirSync(RECORDS_FOLDER).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
