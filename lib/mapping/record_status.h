/* What a record's status counts as: success, error, timeout or none of them. */
#ifndef MAPPING_RECORD_STATUS_H
#define MAPPING_RECORD_STATUS_H

enum record_status {
	STATUS_SUCCESS,
	STATUS_ERROR, /* "error", or none of the five */
	STATUS_TIMEOUT,
	STATUS_UNCOUNTED, /* "rate_limited", "skipped": in the total alone */
};

enum record_status record_status(const char *status);

#endif
