/* A packet of anybody: any bytes, never a crash; what is taken has an
 * absolute path without NUL, or none. */
#include "tests/fuzz/fuzz.h"
#include "wrap/worker/channel.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;

	memset(&message, 'x', sizeof(message));
	if (!message_parse(&message, 1, data, size))
		return 0;
	if (memchr(message.path, '\0', sizeof(message.path)) == NULL)
		abort();
	if (message.op == MESSAGE_HELLO || message.op == MESSAGE_NESTED ||
	    message.op == MESSAGE_SILENT) {
		if (message.path[0] != '\0')
			abort();
	} else if (message.path[0] != '/') {
		abort();
	}
	if (strlen(message.path) != size - MESSAGE_HEADER)
		abort();
	return 0;
}
