/*
 * The GPUs of this machine, by a process of their own that loads NVIDIA's
 * library (nvml.h): a driver may take seconds to answer, or never do so, and the
 * worker waits for nobody.
 *
 *	gpu = gpu_new(loop, answered, data);   NULL: it could not be started
 *	gpu_ask(gpu);                          answered() follows, or not
 *	gpu_free(gpu);
 */
#ifndef WRAP_WORKER_GPU_H
#define WRAP_WORKER_GPU_H

#include <stddef.h>

#include "base/loop.h"
#include "journal/entry.h"

struct gpu;

/* `list`: values of each GPU, valid during the call; at least one. */
typedef void gpu_answered(const struct metric *list, size_t len, void *data);

struct gpu *gpu_new(struct loop *loop, gpu_answered *answered, void *data);
void gpu_free(struct gpu *gpu);

/* Does nothing while an answer is under way, or where there is no GPU. */
void gpu_ask(struct gpu *gpu);

#endif
