/*
 * What TensorBoard's cards say about a metric: a sentence of Markdown for each
 * name that insideLLMs or itrack gives.
 */
#ifndef TRACKER_TENSORBOARD_DESCRIPTIONS_H
#define TRACKER_TENSORBOARD_DESCRIPTIONS_H

/* NULL: not one of the known. `prefix` (never NULL) is what --prefix puts
 * before the names. */
const char *tensorboard_about(const char *name, const char *prefix);

#endif
