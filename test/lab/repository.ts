/** Where this repository lies, seen from the compiled files. */
import { fileURLToPath } from "node:url";

/** Absolute path without a slash at its end. */
export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");
