/*
 * The comparison on the page of a GitHub Actions job: appended as Markdown to the
 * summary of the step, where there is one, and as much of it as GitHub takes.
 */
#ifndef WRAP_ITRACK_COMPARE_STEP_SUMMARY_H
#define WRAP_ITRACK_COMPARE_STEP_SUMMARY_H

#include "wrap/itrack/compare/print.h"

/* Returns STATUS_OK, also where there is no such page, or says why not and returns
 * STATUS_FAILURE. */
int compare_step_summary(const struct print *p);

#endif
