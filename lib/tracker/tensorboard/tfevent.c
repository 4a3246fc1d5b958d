#include "tracker/tensorboard/tfevent.h"

#include <endian.h>
#include <string.h>

#include "format/crc32c.h"
#include "format/pb.h"

/* Field numbers of the messages (tensorflow/core/util/event.proto and
 * framework/summary.proto, tensorboard/plugins/hparams/plugin_data.proto). */
enum {
	EVENT_TIME = 1,
	EVENT_STEP,
	EVENT_VERSION,
	EVENT_SUMMARY = 5,
	EVENT_SESSION_LOG = 7,
	EVENT_SOURCE = 10
};
enum { SUMMARY_VALUE = 1 };
enum {
	VALUE_TAG = 1,
	VALUE_SIMPLE = 2,
	VALUE_HISTOGRAM = 5,
	VALUE_TENSOR = 8,
	VALUE_METADATA = 9
};
enum { METADATA_PLUGIN = 1, METADATA_DESCRIPTION = 3, METADATA_CLASS = 4 };
enum { PLUGIN_NAME = 1, PLUGIN_CONTENT = 2 };
enum { TENSOR_TYPE = 1, TENSOR_STRING = 8, TENSOR_TYPE_STRING = 7 };
enum { HPARAMS_START = 3, HPARAMS_END = 4 };

#define CLASS_SCALAR      1
#define CLASS_TENSOR      2
#define SESSION_START     1
#define FILE_VERSION      "brain.Event:2"
#define CHECKSUM_MASK_ADD 0xA282EAD8u

static uint32_t
masked_checksum(const void *data, size_t len)
{
	uint32_t crc = crc32c(0, data, len);

	return htole32(((crc >> 15) | (crc << 17)) + CHECKSUM_MASK_ADD);
}

static size_t
begin_record(struct buf *out, double time, int64_t step)
{
	static const char header[TFEVENT_HEADER_SIZE];
	size_t begin = out->len;

	buf_add(out, header, sizeof(header));
	pb_double(out, EVENT_TIME, time);
	if (step != 0)
		pb_varint(out, EVENT_STEP, (uint64_t)step);
	return begin;
}

static void
end_record(struct buf *out, size_t begin)
{
	uint64_t len;
	uint32_t crc;

	if (buf_overflowed(out))
		return;
	len = htole64(out->len - begin - TFEVENT_HEADER_SIZE);
	memcpy(out->data + begin, &len, sizeof(len));
	crc = masked_checksum(&len, sizeof(len));
	memcpy(out->data + begin + sizeof(len), &crc, sizeof(crc));
	crc = masked_checksum(
	    out->data + begin + TFEVENT_HEADER_SIZE, le64toh(len));
	buf_add(out, &crc, sizeof(crc));
}

void
tfevent_version(struct buf *out, double time)
{
	size_t begin = begin_record(out, time, 0), source;

	pb_text(out, EVENT_VERSION, FILE_VERSION);
	source = pb_begin(out, EVENT_SOURCE);
	pb_text(out, 1, "itrack");
	pb_end(out, source);
	end_record(out, begin);
}

void
tfevent_start(struct buf *out, double time, int64_t step)
{
	size_t begin = begin_record(out, time, step), log;

	log = pb_begin(out, EVENT_SESSION_LOG);
	pb_varint(out, 1, SESSION_START);
	pb_end(out, log);
	end_record(out, begin);
}

void
tfevent_open(struct tfevent *e, struct buf *out, double time, int64_t step)
{
	e->out = out;
	e->begin = begin_record(out, time, step);
	e->summary = pb_begin(out, EVENT_SUMMARY);
}

void
tfevent_close(struct tfevent *e)
{
	pb_end(e->out, e->summary);
	end_record(e->out, e->begin);
}

static void
put_plugin(struct buf *out, const char *name, const void *content, size_t len)
{
	size_t at = pb_begin(out, METADATA_PLUGIN);

	pb_text(out, PLUGIN_NAME, name);
	if (len > 0)
		pb_bytes(out, PLUGIN_CONTENT, content, len);
	pb_end(out, at);
}

void
tfevent_scalar(struct tfevent *e, const char *tag, float value,
    const struct tfevent_about *about)
{
	size_t at = pb_begin(e->out, SUMMARY_VALUE), metadata;

	pb_text(e->out, VALUE_TAG, tag);
	pb_float(e->out, VALUE_SIMPLE, value);
	if (about != NULL) {
		metadata = pb_begin(e->out, VALUE_METADATA);
		put_plugin(e->out, "scalars", NULL, 0);
		if (about->description != NULL)
			pb_text(
			    e->out, METADATA_DESCRIPTION, about->description);
		pb_varint(e->out, METADATA_CLASS, CLASS_SCALAR);
		pb_end(e->out, metadata);
	}
	pb_end(e->out, at);
}

void
tfevent_text(struct tfevent *e, const char *tag, const char *content)
{
	size_t at = pb_begin(e->out, SUMMARY_VALUE), part;

	pb_text(e->out, VALUE_TAG, tag);
	part = pb_begin(e->out, VALUE_TENSOR);
	pb_varint(e->out, TENSOR_TYPE, TENSOR_TYPE_STRING);
	pb_text(e->out, TENSOR_STRING, content);
	pb_end(e->out, part);
	part = pb_begin(e->out, VALUE_METADATA);
	put_plugin(e->out, "text", NULL, 0);
	pb_varint(e->out, METADATA_CLASS, CLASS_TENSOR);
	pb_end(e->out, part);
	pb_end(e->out, at);
}

void
tfevent_histogram(
    struct tfevent *e, const char *tag, const struct tfevent_histogram *h)
{
	const double first[] = {
	    h->min, h->max, h->count, h->sum, h->sum_squares};
	size_t at = pb_begin(e->out, SUMMARY_VALUE), part;
	uint32_t field;

	pb_text(e->out, VALUE_TAG, tag);
	part = pb_begin(e->out, VALUE_HISTOGRAM);
	for (field = 1; field <= 5; field++)
		if (first[field - 1] != 0)
			pb_double(e->out, field, first[field - 1]);
	pb_doubles(e->out, 6, h->limits, h->len);
	pb_doubles(e->out, 7, h->counts, h->len);
	pb_end(e->out, part);
	pb_end(e->out, at);
}

/* Metadata alone: with a data class but no value the slow reader fails, and the
 * HParams tab of the whole folder with it. */
static size_t
begin_hparams(struct buf *out, const char *tag, size_t *metadata,
    size_t *plugin, size_t *content)
{
	size_t value = pb_begin(out, SUMMARY_VALUE);

	pb_text(out, VALUE_TAG, tag);
	*metadata = pb_begin(out, VALUE_METADATA);
	*plugin = pb_begin(out, METADATA_PLUGIN);
	pb_text(out, PLUGIN_NAME, "hparams");
	*content = pb_begin(out, PLUGIN_CONTENT);
	return value;
}

static void
put_hparam(struct buf *out, const struct tfevent_hparam *h)
{
	size_t entry = pb_begin(out, 1), value;

	pb_text(out, 1, h->name);
	value = pb_begin(out, 2);
	switch (h->kind) {
	case TFEVENT_NUMBER:
		pb_double(out, 2, h->number);
		break;
	case TFEVENT_STRING:
		pb_text(out, 3, h->string);
		break;
	case TFEVENT_BOOL:
		pb_varint(out, 4, h->boolean);
		break;
	}
	pb_end(out, value);
	pb_end(out, entry);
}

void
tfevent_hparams_start(struct tfevent *e, const char *group,
    const struct tfevent_hparam *hparams, size_t len, double start_time)
{
	size_t metadata, plugin, content, info, i;
	size_t value = begin_hparams(
	    e->out, TFEVENT_HPARAMS_START_TAG, &metadata, &plugin, &content);

	info = pb_begin(e->out, HPARAMS_START);
	for (i = 0; i < len; i++)
		put_hparam(e->out, &hparams[i]);
	if (group != NULL)
		pb_text(e->out, 4, group);
	if (start_time != 0)
		pb_double(e->out, 5, start_time);
	pb_end(e->out, info);
	pb_end(e->out, content);
	pb_end(e->out, plugin);
	pb_end(e->out, metadata);
	pb_end(e->out, value);
}

void
tfevent_hparams_end(
    struct tfevent *e, enum tfevent_status status, double end_time)
{
	size_t metadata, plugin, content, info;
	size_t value = begin_hparams(
	    e->out, TFEVENT_HPARAMS_END_TAG, &metadata, &plugin, &content);

	info = pb_begin(e->out, HPARAMS_END);
	if (status != TFEVENT_UNKNOWN)
		pb_varint(e->out, 1, status);
	pb_double(e->out, 2, end_time);
	pb_end(e->out, info);
	pb_end(e->out, content);
	pb_end(e->out, plugin);
	pb_end(e->out, metadata);
	pb_end(e->out, value);
}
