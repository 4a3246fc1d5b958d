/* Whole records, byte for byte, as TensorBoard's own writer makes them. */
#include <errno.h>
#include <math.h>

#include "base/buf.h"
#include "tracker/tensorboard/tfevent.h"

#include "tap.h"

#define TIME 1700000000.5

static struct buf out;

static void
is_hex(const char *want, const char *name)
{
	char got[1024];

	for (size_t i = 0; i < out.len; i++)
		snprintf(got + 2 * i, 3, "%02x", (unsigned char)out.data[i]);
	got[2 * out.len] = '\0';
	is_text(got, want, name);
	buf_reset(&out);
}

static void
test_golden(void)
{
	const struct tfevent_about plain = {NULL}, described = {"d"};
	const struct tfevent_hparam lr = {
	    .name = "lr", .kind = TFEVENT_NUMBER, .number = 0.5};
	struct tfevent e;

	tfevent_version(&out, TIME);
	is_hex("220000000000000078113dfd0900002040fc54d9411a0d627261696e2e4576"
	       "656e743a3252080a0669747261636b444f5365",
	    "file version");
	tfevent_start(&out, TIME, 0);
	is_hex("0d000000000000003c37b8340900002040fc54d9413a020801a870fdd5",
	    "START, step 0");
	tfevent_start(&out, TIME, 5);
	is_hex("0f000000000000006d532b090900002040fc54d94110053a0208015ecbb75c",
	    "START, step 5");
	tfevent_open(&e, &out, TIME, 7);
	tfevent_scalar(&e, "loss", 0.25F, NULL);
	tfevent_close(&e);
	is_hex("1a00000000000000129bd82d0900002040fc54d94110072a0d0a0b0a046c6f"
	       "7373150000803ec576518e",
	    "scalar");
	tfevent_open(&e, &out, TIME, 0);
	tfevent_scalar(&e, "loss", 0, NULL);
	tfevent_close(&e);
	is_hex("1800000000000000a37f4b220900002040fc54d9412a0d0a0b0a046c6f7373"
	       "1500000000e825ec1e",
	    "a scalar of zero at step zero");
	tfevent_open(&e, &out, TIME, 7);
	tfevent_scalar(&e, "loss", 0.25F, &plain);
	tfevent_close(&e);
	is_hex("290000000000000037ff5f000900002040fc54d94110072a1c0a1a0a046c6f"
	       "7373150000803e4a0d0a090a077363616c6172732001e4f8fbb3",
	    "scalar with its kind");
	tfevent_open(&e, &out, TIME, 7);
	tfevent_scalar(&e, "loss", 0.25F, &described);
	tfevent_close(&e);
	ok(out.len == 0x2c + 16, "scalar with a description");
	buf_reset(&out);
	tfevent_open(&e, &out, TIME, 0);
	tfevent_text(&e, "t", "a");
	tfevent_close(&e);
	is_hex("2300000000000000b09f77430900002040fc54d9412a180a160a0174420508"
	       "074201614a0a0a060a04746578742002e56b32a8",
	    "text");
	tfevent_open(&e, &out, TIME, 0);
	tfevent_hparams_start(&e, NULL, &lr, 1, 0);
	tfevent_close(&e);
	is_hex("4d000000000000003d63d4a60900002040fc54d9412a420a400a1c5f687061"
	       "72616d735f2f73657373696f6e5f73746172745f696e666f4a200a1e0a0768"
	       "706172616d7312131a110a0f0a026c72120911000000000000e03fc9c1ad58",
	    "hparams start");
	tfevent_open(&e, &out, TIME, 0);
	tfevent_hparams_end(&e, TFEVENT_SUCCESS, TIME);
	tfevent_close(&e);
	is_hex("4500000000000000ebe668b00900002040fc54d9412a3a0a380a1a5f687061"
	       "72616d735f2f73657373696f6e5f656e645f696e666f4a1a0a180a07687061"
	       "72616d73120d220b08011100002040fc54d9415f1237e7",
	    "hparams end");
}

static char tags[256];

static void
on_value(const struct tfevent_value *value, void *data)
{
	(void)data;
	strncat(tags, value->tag, value->tag_len);
	strncat(tags, "=", 2);
	if (value->text != NULL)
		strncat(tags, value->text, value->text_len);
	strncat(tags, " ", 2);
}

static void
test_read(void)
{
	const double limits[] = {0, 1}, counts[] = {0, 2};
	const struct tfevent_histogram h = {0, 1, 2, 1, 1, limits, counts, 2};
	const char *event = NULL;
	size_t event_len = 0, cut = 0;
	struct tfevent e;
	int64_t size, step;

	tfevent_open(&e, &out, TIME, -3);
	tfevent_scalar(&e, "a/b", (float)NAN, NULL);
	tfevent_text(&e, "t", "x y");
	tfevent_histogram(&e, "h", &h);
	tfevent_hparams_end(&e, TFEVENT_FAILURE, TIME);
	tfevent_close(&e);
	size = tfevent_record(out.data, out.len, &event, &event_len);
	is_int(size, (long long)out.len, "a whole record");
	ok(tfevent_read(event, event_len, &step, on_value, NULL) == 0,
	    "an event");
	is_int(step, -3, "step");
	is_text(tags, "a/b= t=x y h= _hparams_/session_end_info= ", "values");
	for (size_t len = 0; len < out.len; len++)
		cut += tfevent_record(out.data, len, &event, &event_len) != 0;
	is_int((long long)cut, 0, "a cut record is not whole");
	out.data[out.len - 6] ^= 1;
	is_int(tfevent_record(out.data, out.len, &event, &event_len), -EBADMSG,
	    "a wrong checksum");
	for (size_t len = 0; len < event_len; len++) {
		tags[0] = '\0';
		tfevent_read(event, len, &step, on_value, NULL);
	}
	out.data[3] ^= 1;
	is_int(tfevent_record(out.data, out.len, &event, &event_len), -EBADMSG,
	    "a wrong length");
	buf_reset(&out);
}

static void
is_span(const char *text, const char *want, bool valid)
{
	bool got = tfevent_code_span(&out, text);

	buf_addc(&out, '\0');
	is_text(out.data, want, "code span");
	ok(got == valid, "valid: %d", valid);
	buf_reset(&out);
}

int
main(void)
{
	buf_init(&out, 4096);
	test_golden();
	test_read();
	is_span("", "", true);
	is_span("/x/__init__.py", "`/x/__init__.py`", true);
	is_span("a`b``c|\\", "``` a`b``c|\\ ```", true);
	is_span("a\nb\x7f\xc0\x80\xe2\x80\xa8z", "`a b   z`", true);
	is_span("a\xed\xa0\x80z", "`a\xef\xbf\xbdz`", false);
	buf_release(&out);
	return done_testing();
}
