/* The config file: any bytes, never a crash; a complaint names the file. */
#include "tests/fuzz/fuzz.h"
#include "wrap/options/private.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	char message[OPTIONS_MESSAGE_MAX] = "";
	struct parse p = {
	    .options = &options,
	    .program = PROGRAM_WRAP,
	    .message = message,
	};
	int result;

	memset(&options, 0, sizeof(options));
	result = options_config_text(&p, "file", (const char *)data, size);
	if ((result != 0) != p.failed)
		abort();
	if (p.failed && strncmp(message, "file:", 5) != 0)
		abort();
	for (int i = 0; i < options_count(); i++)
		if (options.value[i] != NULL && options.source[i] != FROM_FILE)
			abort();
	if (options.tag_len > OPTIONS_TAGS_MAX)
		abort();
	options_drain_ms(&options);
	options_points(&options);
	options_forget();
	return 0;
}
