#!/usr/bin/env node
// Writes docs/configuration.md from the schema; run it after `npm run build`.
import { writeFileSync } from "node:fs";
import { renderReference } from "../dist/src/config/reference.js";

writeFileSync(new URL("../docs/configuration.md", import.meta.url), renderReference());
