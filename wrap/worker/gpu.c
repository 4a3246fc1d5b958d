#include "wrap/worker/gpu.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/closing.h"
#include "base/die.h"
#include "base/process.h"
#include "wrap/worker/nvml.h"

#define MEGABYTE      1e6
#define PERCENT       100.0
#define PROCESS_NAME  "itrack-gpu"
#define VALUES_OF_ONE 4
/* A process that is killed is gone in less, if the driver lets it go. */
#define REAP_MS 20

struct gpu {
	struct loop *loop;
	struct loop_io io;
	gpu_answered *answered;
	void *data;
	pid_t child;
	bool asked;
};

static _Noreturn void
serve(int fd, pid_t worker)
{
	int nowhere;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, PROCESS_NAME);
	if (getppid() != worker)
		_exit(0);
	nowhere = open("/dev/null", O_RDWR);
	for (int i = 0; i <= STDERR_FILENO && nowhere >= 0; i++)
		dup2(nowhere, i);
	if (fd != STDERR_FILENO + 1)
		dup2(fd, STDERR_FILENO + 1);
	closing_range(STDERR_FILENO + 2, UINT_MAX);
	nvml_serve(STDERR_FILENO + 1);
}

static void
put(struct metric *list, size_t *len, const struct nvml_reading *r,
    const char *what, double value)
{
	if (value < 0)
		return;
	list[*len].name = xasprintf("system/gpu_%u_%s", r->index, what);
	list[(*len)++].value = value;
}

static void
take(struct gpu *gpu, const struct nvml_reading *readings, size_t count)
{
	struct metric *list = xcalloc(count * VALUES_OF_ONE, sizeof list[0]);
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		const struct nvml_reading *r = &readings[i];

		put(list, &len, r, "utilization_percentage",
		    r->utilization_percent);
		put(list, &len, r, "memory_usage_megabytes",
		    r->memory_used_bytes / MEGABYTE);
		if (r->memory_total_bytes > 0)
			put(list, &len, r, "memory_usage_percentage",
			    PERCENT * r->memory_used_bytes /
				r->memory_total_bytes);
		put(list, &len, r, "power_usage_watts", r->power_watts);
	}
	if (len > 0)
		gpu->answered(list, len, gpu->data);
	while (len > 0)
		free(list[--len].name);
	free(list);
}

/* One that hangs in the driver may take its time to die, and nobody waits for
 * that. */
static void
reap(struct gpu *gpu, int64_t limit_ms)
{
	if (gpu->child > 0 && process_wait(gpu->child, NULL, limit_ms) != 0)
		gpu->child = 0;
}

static void
leave(struct gpu *gpu)
{
	loop_remove(gpu->loop, &gpu->io);
	close(gpu->io.fd);
	gpu->io.fd = -1;
	kill(gpu->child, SIGKILL);
	reap(gpu, 0);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	struct gpu *gpu = io->data;
	struct nvml_reading readings[NVML_GPUS_MAX];
	ssize_t got = recv(io->fd, readings, sizeof readings, MSG_DONTWAIT);

	(void)events;
	if (got <= 0) {
		leave(gpu);
		return;
	}
	gpu->asked = false;
	take(gpu, readings, (size_t)got / sizeof readings[0]);
}

struct gpu *
gpu_new(struct loop *loop, gpu_answered *answered, void *data)
{
	struct gpu *gpu;
	pid_t worker = getpid(), child;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return NULL;
	child = fork();
	if (child == 0)
		serve(pair[1], worker);
	close(pair[1]);
	if (child < 0) {
		close(pair[0]);
		return NULL;
	}
	gpu = xcalloc(1, sizeof *gpu);
	*gpu = (struct gpu){.loop = loop,
	    .io = {.fd = pair[0], .ready = on_ready, .data = gpu},
	    .answered = answered,
	    .data = data,
	    .child = child};
	if (loop_add(loop, &gpu->io, EPOLLIN) < 0)
		leave(gpu);
	return gpu;
}

void
gpu_free(struct gpu *gpu)
{
	if (gpu == NULL)
		return;
	if (gpu->io.fd >= 0)
		leave(gpu);
	reap(gpu, REAP_MS);
	free(gpu);
}

void
gpu_ask(struct gpu *gpu)
{
	if (gpu == NULL)
		return;
	if (gpu->io.fd < 0)
		reap(gpu, 0);
	if (gpu->io.fd < 0 || gpu->asked)
		return;
	gpu->asked = send(gpu->io.fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}
