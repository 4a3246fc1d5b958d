/* The tracker for tests before it runs: its name and what it can take. */
#include "tracker/about.h"

const struct tracker_about tracker_about_null = {
    .name = "null",
    .hidden = true,
    .records = RECORDS_TRACES,
};
