#!/usr/bin/env node
// Writes docs/configuration.md, docs/status.schema.json and the rules in docs/doctor.md; run it after `npm run build`.
import { readFileSync, writeFileSync } from "node:fs";
import { renderReference } from "../dist/src/config/reference.js";
import { renderStatusSchema } from "../dist/src/control/status-schema.js";
import { renderDoctorPage } from "../dist/src/doctor/reference.js";

writeFileSync(new URL("../docs/configuration.md", import.meta.url), renderReference());
writeFileSync(new URL("../docs/status.schema.json", import.meta.url), renderStatusSchema());
const doctor = new URL("../docs/doctor.md", import.meta.url);
writeFileSync(doctor, renderDoctorPage(readFileSync(doctor, "utf8")));
