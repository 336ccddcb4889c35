/** Durations are read the same everywhere; the code is where checks may import it. */
export {
  DURATION_MAX_MS,
  DURATION_PATTERN,
  DurationError,
  durationsAllowed,
  formatDuration,
  isDuration,
  parseDuration,
} from "../../checks/duration.ts";
