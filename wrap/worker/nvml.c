#include "wrap/worker/nvml.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBRARY   "libnvidia-ml.so.1"
#define UNKNOWN   (-1.0)
#define MILLI     1e-3
#define SUCCEEDED 0

/* As nvml.h has them. */
struct utilization {
	unsigned gpu, memory;
};

struct memory {
	unsigned long long total, free, used;
};

struct nvml {
	int (*init)(void);
	int (*count)(unsigned *count);
	int (*handle)(unsigned index, void **device);
	int (*utilization)(void *device, struct utilization *utilization);
	int (*memory)(void *device, struct memory *memory);
	int (*power)(void *device, unsigned *milliwatts);
};

/* What dlsym() gives is no pointer to a function in C. */
static int
find(void *library, const char *name, void *function, size_t size)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, size);
	return symbol != NULL ? 0 : -1;
}

#define FIND(nvml, member, name) \
	find(library, name, &(nvml)->member, sizeof(nvml)->member)

static int
load(struct nvml *n)
{
	const char *file = getenv(NVML_VARIABLE);
	void *library =
	    dlopen(file != NULL && file[0] != '\0' ? file : LIBRARY, RTLD_NOW);

	if (library == NULL || FIND(n, init, "nvmlInit_v2") < 0 ||
	    FIND(n, count, "nvmlDeviceGetCount_v2") < 0 ||
	    FIND(n, handle, "nvmlDeviceGetHandleByIndex_v2") < 0 ||
	    FIND(n, utilization, "nvmlDeviceGetUtilizationRates") < 0 ||
	    FIND(n, memory, "nvmlDeviceGetMemoryInfo") < 0 ||
	    FIND(n, power, "nvmlDeviceGetPowerUsage") < 0)
		return -1;
	return n->init() == SUCCEEDED ? 0 : -1;
}

/* A GPU may be busy, lost, or have no such sensor. */
static struct nvml_reading
read_gpu(const struct nvml *n, unsigned index, void *device)
{
	struct nvml_reading r = {.index = index,
	    .utilization_percent = UNKNOWN,
	    .memory_used_bytes = UNKNOWN,
	    .memory_total_bytes = UNKNOWN,
	    .power_watts = UNKNOWN};
	struct utilization utilization;
	struct memory memory;
	unsigned milliwatts;

	if (n->utilization(device, &utilization) == SUCCEEDED)
		r.utilization_percent = utilization.gpu;
	if (n->memory(device, &memory) == SUCCEEDED) {
		r.memory_used_bytes = (double)memory.used;
		r.memory_total_bytes = (double)memory.total;
	}
	if (n->power(device, &milliwatts) == SUCCEEDED)
		r.power_watts = milliwatts * MILLI;
	return r;
}

void
nvml_serve(int fd)
{
	struct nvml_reading readings[NVML_GPUS_MAX];
	struct nvml n;
	void *device;
	char question;

	if (load(&n) < 0)
		_exit(0);
	while (recv(fd, &question, 1, 0) == 1) {
		unsigned count = 0, len = 0;

		if (n.count(&count) != SUCCEEDED)
			count = 0;
		for (unsigned i = 0; i < count && len < NVML_GPUS_MAX; i++)
			if (n.handle(i, &device) == SUCCEEDED)
				readings[len++] = read_gpu(&n, i, device);
		if (len == 0 ||
		    send(fd, readings, len * sizeof readings[0], MSG_NOSIGNAL) <
			0)
			_exit(0);
	}
	_exit(0);
}
