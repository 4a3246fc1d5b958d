/*
 * What NVIDIA's management library answers, without a GPU: two of them, or as
 * NVML_FAKE says: "none" (no GPU), "fail" (no driver), "hang" (never answers),
 * "partly" (the second one has no sensor).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILED 999

static int devices[2] = {0, 1};

static int
is_fake(const char *word)
{
	const char *fake = getenv("ITRACK_NVML_FAKE");

	return fake != NULL && strcmp(fake, word) == 0;
}

int
nvmlInit_v2(void)
{
	while (is_fake("hang"))
		pause();
	return is_fake("fail") ? FAILED : 0;
}

int
nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = is_fake("none") ? 0 : 2;
	return 0;
}

int
nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
	*device = &devices[index];
	return 0;
}

int
nvmlDeviceGetUtilizationRates(const int *device, unsigned rates[2])
{
	rates[0] = 40 + (unsigned)*device;
	rates[1] = 7;
	return is_fake("partly") && *device == 1 ? FAILED : 0;
}

int
nvmlDeviceGetMemoryInfo(const int *device, unsigned long long memory[3])
{
	memory[0] = 80000000000;
	memory[2] = 20000000000 + (unsigned)*device;
	memory[1] = memory[0] - memory[2];
	return 0;
}

int
nvmlDeviceGetPowerUsage(const int *device, unsigned *milliwatts)
{
	*milliwatts = 71500;
	return is_fake("partly") && *device == 1 ? FAILED : 0;
}
