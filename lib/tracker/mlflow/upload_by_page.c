/* Small files of a run whose store only MLflow's own client can write (s3, gs,
 * a directory of another machine): the server's page has a way of its own for
 * them, which goes to every store that the server itself can write. It is not
 * documented, so a server without it is no fault. */
#include <string.h>

#include "tracker/mlflow/private.h"

/* The server refuses an empty file and a larger one. */
#define SMALL_MAX_BYTES (10 * 1024 * 1024)
#define URL_MAX_BYTES   (256 * 1024)
#define SMALL_API       "/ajax-api/2.0/mlflow/upload-artifact?run_uuid="

bool
mlflow_may_upload_small(
    const struct mlflow *m, const struct entry_artifact *artifact)
{
	return !m->no_small_uploads && m->mlruns == NULL && m->run_id != NULL &&
	    artifact->size > 0 && artifact->size <= SMALL_MAX_BYTES;
}

void
mlflow_upload_small(
    struct mlflow *m, const char *name, int64_t size, mlflow_then *then)
{
	struct buf url;

	buf_init(&url, URL_MAX_BYTES);
	buf_adds(&url, m->config.base);
	buf_adds(&url, SMALL_API);
	http_escape(&url, m->run_id, "");
	buf_adds(&url, "&path=");
	http_escape(&url, name, "/");
	mlflow_send_file(m, "POST", url.data, size, then);
	buf_release(&url);
}

/* An older server has no such page (404), one without a login to the store
 * fails (500), each time. */
void
mlflow_classify_small(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome != OUTCOME_REJECTED && a->status != 404 &&
	    a->status != 500)
		return;
	/* A 400 concerns this file alone. */
	m->no_small_uploads = a->status != 400;
	a->outcome = OUTCOME_REJECTED;
	a->err = (struct err)ERR_INIT;
}
