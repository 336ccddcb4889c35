/** ExaBGP 4.2 of Debian's trixie, beside the installed one; fetched by scripts/exabgp-of. */
import { sameSuite } from "./same-suite.ts";

sameSuite("trixie", "4.2", "held");
