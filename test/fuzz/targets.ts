/** All of them. */
import type { Target } from "./target.ts";
import { BRIDGE } from "./targets/bridge.ts";
import { CONFIG } from "./targets/config.ts";
import { CONTROL } from "./targets/control.ts";
import { DECODER } from "./targets/decoder.ts";
import { EXABGP_CONF } from "./targets/exabgp-conf.ts";
import { JOURNAL } from "./targets/journal.ts";
import { ORDERS } from "./targets/orders.ts";
import { ROUTE } from "./targets/route.ts";
import { STATE } from "./targets/state.ts";
import { WORDS_TARGET } from "./targets/words.ts";

export const TARGETS: readonly Target[] = [
  DECODER,
  BRIDGE,
  ROUTE,
  CONFIG,
  ORDERS,
  STATE,
  CONTROL,
  EXABGP_CONF,
  WORDS_TARGET,
  JOURNAL,
];
