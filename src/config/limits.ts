/** How much a configuration may hold. Each limit is far above a large PoP and keeps a mistake cheap. */

/** 1,000 services with every key written out take about 1.4 MB. */
export const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** All files together; they are also stored as the last good configuration. */
export const TOTAL_BYTES_MAX = 8 * 1024 * 1024;

/** Files in `anyctl.d`. */
export const DROP_INS_MAX = 1000;

/** Of all files. The parser takes about 5 µs for each, whatever the size of the file. */
export const LEXEMES_MAX = 600_000;

/** Maps and lists in one another; the parser overflows the stack, or ends the process, at some thousands. */
export const NESTING_MAX = 32;

/** Of all files, values after aliases are expanded: a few lines of nested aliases stand for billions. */
export const VALUES_MAX = 200_000;

/** What is left for the files that are still to be read. */
export interface Budget {
  lexemesLeft: number;
  valuesLeft: number;
}

export function fullBudget(): Budget {
  return { lexemesLeft: LEXEMES_MAX, valuesLeft: VALUES_MAX };
}

/** Reported before the rest is only counted. */
export const PROBLEMS_MAX = 200;

/** Of one file, one a line: a syntax error causes others behind it. */
export const SYNTAX_PROBLEMS_MAX = 10;

export const SERVICES_MAX = 2000;

export const CHECKS_PER_SERVICE_MAX = 100;

export const CHECKS_MAX = 5000;

/** Of one check: parts per thousand are fine enough. */
export const CHECK_WEIGHT_MAX = 1000;

/** Of all checks of a service together. */
export const WEIGHT_MAX = CHECKS_PER_SERVICE_MAX * CHECK_WEIGHT_MAX;

/** All on the wire, and off it, within seconds; measured (`npm run bench:bulk`). */
export const PREFIXES_PER_SERVICE_MAX = 10_000;

/** So large a service, and others beside it. ExaBGP 4.2 takes 4.8 s to list this many routes. */
export const ROUTES_MAX = 20_000;

/** Communities of one kind; more than any provider's scheme needs. */
export const COMMUNITIES_MAX = 64;

/** Longer AS paths are filtered by many networks. */
export const PREPENDS_MAX = 16;

/** A path of a Unix socket has 108 bytes with its final NUL on Linux (unix(7)). */
export const SOCKET_PATH_BYTES_MAX = 107;

/** PATH_MAX is 4,096; names of files are appended to it. */
export const FOLDER_PATH_BYTES_MAX = 3072;

/** Of `maintenance`; each costs a look at its calendar now and then. */
export const WINDOWS_MAX = 100;

/** As for the reason of an operator's drain. */
export const REASON_BYTES_MAX = 1024;
