/*
 * Names with JSON values, in the order of their first appearance; a later value
 * takes the place of the earlier one. W&B's config, summary and history rows
 * are all of this form. Characters that UTF-8 can't express become U+FFFD,
 * because a server may refuse a whole row for a lone surrogate.
 *
 *	wandb_values_init(&v);
 *	wandb_values_double(&v, "loss", 0.5);       names and values are copied
 *	TAILQ_FOREACH(item, &v.set.list, link) ... item->name, item->value.text
 *	wandb_values_release(&v);
 */
#ifndef TRACKER_WANDB_VALUES_H
#define TRACKER_WANDB_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/jsonwrite.h"
#include "journal/entry.h"
#include "tracker/common/paramset.h"

/* Names in UTF-8; each value is a text of JSON in ASCII, NaN and infinities
 * quoted. */
struct wandb_values {
	struct paramset set;
};

void wandb_values_init(struct wandb_values *v);
void wandb_values_release(struct wandb_values *v);

void wandb_values_json(
    struct wandb_values *v, const char *name, const char *json);
void wandb_values_double(
    struct wandb_values *v, const char *name, double value);
void wandb_values_int(struct wandb_values *v, const char *name, int64_t value);
void wandb_values_value(
    struct wandb_values *v, const char *name, const struct value *value);
/* Puts every value of `from` into `v`. */
void wandb_values_merge(
    struct wandb_values *v, const struct wandb_values *from);
/* The JSON under that name; NULL: none. */
const char *wandb_values_get(const struct wandb_values *v, const char *name);

/* prefix + name as a name in W&B, in UTF-8 (names_utf8()), allocated. A name that
 * W&B uses itself gets one more `_`, and so does a name that then looks the same;
 * *renamed is set if something was changed. */
char *wandb_name(const char *prefix, const char *name, bool *renamed);

/* A text as UTF-8, as described above. Allocated. */
char *wandb_utf8(const char *text);
/* Cuts the text to `most` characters; false if it is that short already. */
bool wandb_cut(char *text, int most);

/* Writes the values as members of the object that is open in `w`. */
void wandb_values_write(const struct wandb_values *v, struct jsonwrite *w);

#endif
