/*
 * NVIDIA's management library (NVML), loaded when it is there: the functions
 * that it has had since 2012. For a process that does nothing else, because any
 * call may block.
 *
 *	nvml_serve(fd);    never returns
 *
 * Each packet of any content that is read from fd is answered by one packet: a
 * struct nvml_reading for each GPU.
 */
#ifndef WRAP_WORKER_NVML_H
#define WRAP_WORKER_NVML_H

#include <stdint.h>

/* No machine has more. */
#define NVML_GPUS_MAX 64
/* Of a file that is not where the loader looks. */
#define NVML_VARIABLE "ITRACK_NVML"

/* Values below 0 are not known. */
struct nvml_reading {
	uint32_t index;
	double utilization_percent;
	double memory_used_bytes, memory_total_bytes;
	double power_watts;
};

_Noreturn void nvml_serve(int fd);

#endif
