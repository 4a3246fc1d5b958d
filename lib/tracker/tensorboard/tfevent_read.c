/* The reading half: as much of the wire format as finding tags and steps in our
 * own files takes. Nothing in it is trusted: a file may have been cut. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "format/crc32c.h"
#include "tracker/tensorboard/tfevent.h"

/* No event of ours is larger; a length beyond it is no record. */
#define EVENT_BYTES_MAX (1u << 30)

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

struct field {
	uint32_t number;
	enum wire_type type;
	uint64_t varint;
	const char *bytes; /* WIRE_LENGTH */
	size_t len;
};

struct reader {
	const char *at, *end;
};

static bool
checksum_fits(const void *data, size_t len, const char *stored)
{
	uint32_t crc = crc32c(0, data, len), want;

	memcpy(&want, stored, sizeof(want));
	return le32toh(want) == ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

/* How many bytes the record has whose first TFEVENT_HEADER_SIZE are there. */
static int64_t
record_size(const char *header)
{
	uint64_t len;

	memcpy(&len, header, sizeof(len));
	if (!checksum_fits(header, sizeof(len), header + sizeof(len)) ||
	    le64toh(len) > EVENT_BYTES_MAX)
		return -EBADMSG;
	return (int64_t)le64toh(len) + TFEVENT_HEADER_SIZE +
	    TFEVENT_TRAILER_SIZE;
}

int64_t
tfevent_record(
    const char *bytes, size_t len, const char **event, size_t *event_len)
{
	int64_t size;

	if (len < TFEVENT_HEADER_SIZE)
		return 0;
	size = record_size(bytes);
	if (size < 0)
		return size;
	if ((uint64_t)size > len)
		return 0;
	*event = bytes + TFEVENT_HEADER_SIZE;
	*event_len = (size_t)size - TFEVENT_HEADER_SIZE - TFEVENT_TRAILER_SIZE;
	if (!checksum_fits(*event, *event_len, *event + *event_len))
		return -EBADMSG;
	return size;
}

static bool
read_varint(struct reader *r, uint64_t *value)
{
	unsigned shift;
	unsigned char byte;

	*value = 0;
	for (shift = 0; shift < 70 && r->at < r->end; shift += 7) {
		byte = (unsigned char)*r->at++;
		if (shift < 64)
			*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool
skip(struct reader *r, size_t len)
{
	if ((size_t)(r->end - r->at) < len)
		return false;
	r->at += len;
	return true;
}

/* 1: a field; 0: the message ended; -EBADMSG. */
static int
next_field(struct reader *r, struct field *f)
{
	uint64_t key, len;

	if (r->at == r->end)
		return 0;
	if (!read_varint(r, &key))
		return -EBADMSG;
	f->number = (uint32_t)(key >> 3);
	f->type = (enum wire_type)(key & 7);
	f->bytes = NULL;
	switch (f->type) {
	case WIRE_VARINT:
		return read_varint(r, &f->varint) ? 1 : -EBADMSG;
	case WIRE_64:
		return skip(r, 8) ? 1 : -EBADMSG;
	case WIRE_32:
		return skip(r, 4) ? 1 : -EBADMSG;
	case WIRE_LENGTH:
		if (!read_varint(r, &len))
			return -EBADMSG;
		f->bytes = r->at;
		f->len = (size_t)len;
		return skip(r, f->len) ? 1 : -EBADMSG;
	}
	return -EBADMSG;
}

static struct reader
inside(const struct field *f)
{
	return (struct reader){f->bytes, f->bytes + f->len};
}

/* The first string of a tensor. */
static int
read_tensor(struct reader r, struct tfevent_value *value)
{
	struct field f;
	int got;

	while ((got = next_field(&r, &f)) > 0)
		if (f.number == 8 && f.bytes != NULL && value->text == NULL) {
			value->text = f.bytes;
			value->text_len = f.len;
		}
	return got;
}

static int
read_value(struct reader r, struct tfevent_value *value)
{
	struct field f;
	int got;

	*value = (struct tfevent_value){0};
	while ((got = next_field(&r, &f)) > 0) {
		if (f.number == 1 && f.bytes != NULL) {
			value->tag = f.bytes;
			value->tag_len = f.len;
		} else if (f.number == 2 && f.type == WIRE_32) {
			value->scalar = true;
		} else if (f.number == 5 && f.bytes != NULL) {
			value->histogram = true;
		} else if (f.number == 8 && f.bytes != NULL) {
			got = read_tensor(inside(&f), value);
			if (got < 0)
				return got;
		}
	}
	return got;
}

static int
read_summary(struct reader r,
    void (*value)(const struct tfevent_value *value, void *data), void *data)
{
	struct tfevent_value one;
	struct field f;
	int got;

	while ((got = next_field(&r, &f)) > 0) {
		if (f.number != 1 || f.bytes == NULL)
			continue;
		if (read_value(inside(&f), &one) < 0)
			return -EBADMSG;
		if (one.tag != NULL)
			value(&one, data);
	}
	return got;
}

int
tfevent_read(const char *event, size_t len, int64_t *step,
    void (*value)(const struct tfevent_value *value, void *data), void *data)
{
	struct reader r = {event, event + len};
	struct field f;
	int got;

	*step = 0;
	while ((got = next_field(&r, &f)) > 0) {
		if (f.number == 2 && f.type == WIRE_VARINT)
			*step = (int64_t)f.varint;
		if (f.number == 5 && f.bytes != NULL &&
		    read_summary(inside(&f), value, data) < 0)
			return -EBADMSG;
	}
	return got;
}
