/** Answers become files. */
import { readFileSync } from "node:fs";
import { familyOf } from "./addresses.ts";
import { presetIn, type Answers, type QuestionKey } from "./answers.ts";
import { anyctlText } from "./anyctl-text.ts";
import { DROP_IN, dropInText, needsDropIn } from "./drop-in.ts";
import { exabgpText } from "./exabgp-text.ts";
import { HIDDEN } from "./md5.ts";

/** Where the files are for the programs that read them, whatever folder they are written below. */
export interface Places {
  /** The executable that ExaBGP starts. */
  readonly anyctl: string;
  /** anyctl.yaml */
  readonly config: string;
}

export interface PlannedFile {
  /** Absolute, as it is named inside the other files. */
  readonly path: string;
  readonly mode: number;
  /** Undefined: that of whoever writes it. */
  readonly group?: string;
  readonly text: string;
  /** The same without secrets. */
  readonly shown: string;
}

export const EXABGP_CONF = "/etc/exabgp/exabgp.conf";
const EXABGP_ENV = "/etc/exabgp/exabgp.env";
/** Debian's package makes it; its ExaBGP reads the file as this group. */
const EXABGP_GROUP = "exabgp";

const [PUBLIC, GROUP_ONLY] = [0o644, 0o640];

const TEMPLATES = new URL("../../../../", import.meta.url);

/** Of all files, whatever the answers are. @param hasPackage See `needsDropIn`. */
export function pathsOf(places: Places, hasPackage: boolean): string[] {
  const dropIn = needsDropIn(places, hasPackage) ? [DROP_IN] : [];
  return [places.config, EXABGP_CONF, EXABGP_ENV, ...dropIn];
}

/** @param hasPackage See `needsDropIn`. */
export function planFiles(answers: Answers, places: Places, hasPackage: boolean): PlannedFile[] {
  const { anyctl, config } = places;
  const preset = presetIn(answers);
  const one = (key: QuestionKey): string => answers[key]?.[0] ?? "";
  const peering = {
    anyctl,
    config,
    preset,
    localAs: one("local-as"),
    peerAs: one("peer-as"),
    routerId: one("router-id"),
    holdTime: one("hold-time"),
    multihop: Number(one("multihop")),
    peers: (answers.peer ?? []).map((address) => ({
      address,
      localAddress:
        answers["local-address"]?.find((own) => familyOf(own) === familyOf(address)) ?? "",
    })),
  };
  const password = answers["md5-password"]?.[0];
  const template = readTemplate("exabgp/templates/exabgp.conf");
  const file = (path: string, text: string): PlannedFile => ({
    path,
    mode: PUBLIC,
    text,
    shown: text,
  });
  return [
    file(config, anyctlText(answers)),
    {
      path: EXABGP_CONF,
      mode: GROUP_ONLY,
      group: EXABGP_GROUP,
      text: exabgpText(template, { ...peering, password }),
      shown: exabgpText(template, {
        ...peering,
        password: password === undefined ? undefined : HIDDEN,
      }),
    },
    file(EXABGP_ENV, readTemplate("exabgp/templates/exabgp.env")),
    ...(needsDropIn(places, hasPackage)
      ? [file(DROP_IN, dropInText(readTemplate("systemd/exabgp-anyctl.conf"), places))]
      : []),
  ];
}

function readTemplate(path: string): string {
  return readFileSync(new URL(path, TEMPLATES), "utf8");
}
