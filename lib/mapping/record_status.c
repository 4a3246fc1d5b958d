#include "mapping/record_status.h"

#include <string.h>

enum record_status
record_status(const char *status)
{
	if (strcmp(status, "success") == 0)
		return STATUS_SUCCESS;
	if (strcmp(status, "timeout") == 0)
		return STATUS_TIMEOUT;
	if (strcmp(status, "rate_limited") == 0 ||
	    strcmp(status, "skipped") == 0)
		return STATUS_UNCOUNTED;
	return STATUS_ERROR;
}
