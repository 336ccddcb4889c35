#!/usr/bin/env node
// Writes docs/configuration.md and docs/status.schema.json from the schemas; run it after `npm run build`.
import { writeFileSync } from "node:fs";
import { renderReference } from "../dist/src/config/reference.js";
import { renderStatusSchema } from "../dist/src/control/status-schema.js";

writeFileSync(new URL("../docs/configuration.md", import.meta.url), renderReference());
writeFileSync(new URL("../docs/status.schema.json", import.meta.url), renderStatusSchema());
