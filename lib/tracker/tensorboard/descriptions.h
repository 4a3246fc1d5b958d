/*
 * TensorBoard's cards explain each metric: here is a sentence of Markdown for
 * each name that insideLLMs or itrack gives.
 */
#ifndef TRACKER_TENSORBOARD_DESCRIPTIONS_H
#define TRACKER_TENSORBOARD_DESCRIPTIONS_H

/* NULL: the name has no sentence. `prefix` (never NULL) is what --prefix puts
 * before the names. */
const char *tensorboard_about(const char *name, const char *prefix);

#endif
