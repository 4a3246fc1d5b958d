/*
 * Reads W&B's settings files: lines of names and values in sections.
 */
#ifndef TRACKER_WANDB_INI_H
#define TRACKER_WANDB_INI_H

/* The value of `name` in the section [default] of the text; NULL: none.
 * Allocated. */
char *wandb_ini_value(const char *text, const char *name);

#endif
