/* The name of a run that people read: MLflow's and W&B's name for it, the report,
 * the text in TensorBoard. */
#ifndef TRACKER_COMMON_DISPLAY_H
#define TRACKER_COMMON_DISPLAY_H

#include "journal/entry.h"

/* --run-name, else the name of the run directory where a person chose it (it is
 * not the run ID), else the configuration's file name without its ending, else the
 * run ID; then "-" and the last four characters of the attempt's name, so that
 * repetitions differ. A run of the library has the name that its program gave it.
 * `run_id` NULL: not known yet; then a directory whose name has the form of an ID
 * that insideLLMs derives counts as one that nobody chose. At most
 * DISPLAY_CHARACTERS_MAX characters; the end of a longer one before the "-" is cut
 * off. Allocated text. */
char *display_name(const struct entry_start *start, const char *run_id);

#define DISPLAY_CHARACTERS_MAX 250 /* MLflow takes no more */

#endif
