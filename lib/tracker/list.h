/* clang-format off */
/*
 * The trackers, in the order in which they are shown. A new one is its folder
 * lib/tracker/NAME and its line here (docs/new-tracker.md). Whoever includes
 * this file defines TRACKER(name) first.
 */
TRACKER(local)
TRACKER(tensorboard)
TRACKER(mlflow)
TRACKER(wandb)
TRACKER(otlp)
TRACKER(null)
