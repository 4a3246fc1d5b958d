/*
 * Which way the files of a run go, from what the server says of it
 * (artifact_uri). Whoever may create an experiment there may say anything, so:
 * the login goes to the server that was asked and to no other, no path leads
 * out of where it begins, and a folder of this machine is written only where it
 * is the run's own and there already, which shows that the server shares it.
 */
#ifndef TRACKER_MLFLOW_WAY_H
#define TRACKER_MLFLOW_WAY_H

#include <stdbool.h>

#include "base/err.h"

enum mlflow_way {
	MLFLOW_WAY_PROXY,  /* through the server, to *path below its API */
	MLFLOW_WAY_FOLDER, /* into the folder *path, if it can be opened */
	MLFLOW_WAY_PAGE,   /* through the server's page, what is small */
	MLFLOW_WAY_NONE,   /* refused: err says why */
};

/* `base`: the server. *path (allocated, or NULL) is decoded. */
enum mlflow_way mlflow_way(const char *base, const char *uri,
    const char *run_id, char **path, struct err *err);

/* Is it a path, of whatever machine? */
bool mlflow_way_is_folder(const char *uri);

/* The folder around `path`, which ends in "/artifacts"; no link is followed,
 * nothing is made. A descriptor for the calls that end in "at"; -1: the folder
 * is not there, or not ours to write. */
int mlflow_way_open(const char *path);

#endif
