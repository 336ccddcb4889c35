/** GoBGP as the upstream. Needs root. */
import { testRouter } from "./one-router.ts";

testRouter("gobgp");
