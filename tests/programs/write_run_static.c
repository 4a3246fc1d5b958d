/*
 * write_run without a dynamic linker: nothing can be preloaded into it.
 */
#include "write_run.c"
