/* How much of a run the mapping takes: so many experiments, statuses, run IDs, error
 * types and names of scores, and texts of such a length. These limits guard against
 * files made to eat memory; each case beyond a limit is counted, and
 * derive_limits_passed() says it. */
#ifndef MAPPING_LIMITS_H
#define MAPPING_LIMITS_H

#define MAPPING_EXPERIMENTS_MAX 10000
#define MAPPING_STATUSES_MAX    10000
#define MAPPING_RUN_IDS_MAX     10000
/* Longest text (bytes) taken for an ID, a name or a status; longer ones are cut
 * there and counted in `cut_texts`. The longest number, of 4300 digits, fits.
 */
#define MAPPING_TEXT_MAX 8192
/* The limit for all such texts: the IDs and names of experiments, the statuses,
 * and the run IDs each. An experiment, status or run ID that has no room is one
 * too many. */
#define MAPPING_TEXTS_MAX_BYTES (4 * 1024 * 1024)

/* The most names of scores, and of usage, in one run. Further names, and longer
 * ones, are left out: each is a chart of its own. */
#define NUMBERS_NAMES_MAX       64
#define NUMBERS_ERROR_TYPES_MAX 32 /* errors/TYPE */
#define NUMBERS_NAME_MAX_BYTES  256

#endif
