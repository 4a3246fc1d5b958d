/*
 * Decides which way the files of a run go, from what the server says
 * (artifact_uri). Anyone who may create an experiment can make the server say
 * anything. Therefore we send the login to no server but the one that was
 * asked, let no path lead out of its beginning, and write to a folder of this
 * machine only if it is the run's own and exists already, which shows that the
 * server shares it.
 */
#ifndef TRACKER_MLFLOW_WAY_H
#define TRACKER_MLFLOW_WAY_H

#include <stdbool.h>

#include "base/err.h"

enum mlflow_way {
	MLFLOW_WAY_PROXY,  /* through the server, at *path below its API */
	MLFLOW_WAY_FOLDER, /* into the folder *path, if it can be opened */
	MLFLOW_WAY_PAGE,   /* through the server's page, for small files */
	MLFLOW_WAY_NONE,   /* refused: err says why */
};

/* `base`: the server. *path (allocated, or NULL) is decoded. */
enum mlflow_way mlflow_way(const char *base, const char *uri,
    const char *run_id, char **path, struct err *err);

/* Is it a path, on whatever machine? */
bool mlflow_way_is_folder(const char *uri);

/* Opens the folder around `path`, which ends in "/artifacts"; follows no link
 * and makes nothing. Returns a descriptor for the calls that end in "at"; -1:
 * the folder does not exist, or is not ours to write. */
int mlflow_way_open(const char *path);

#endif
