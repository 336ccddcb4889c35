/** ExaBGP 5.0 of Debian's sid, beside the installed one; fetched by scripts/exabgp-of. */
import { sameSuite } from "./same-suite.ts";

sameSuite("sid", "5.0", "held");
