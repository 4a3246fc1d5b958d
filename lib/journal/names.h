/* The words of the journal's format that encode and decode share. */
#ifndef JOURNAL_NAMES_H
#define JOURNAL_NAMES_H

#include "journal/entry.h"

#define ENTRY_KIND_COUNT   (ENTRY_END + 1)
#define ENTRY_SOURCE_COUNT (SOURCE_LIBRARY + 1)
#define ENTRY_STATUS_COUNT (RUN_KILLED + 1)

static const char *const entry_kind_names[ENTRY_KIND_COUNT] = {"start",
    "run_id", "params", "experiment", "metrics", "artifact", "table",
    "histogram", "register", "end"};

static const char *const entry_source_names[ENTRY_SOURCE_COUNT] = {
    "live", "import", "library"};

#endif
