/*
 * The programs in one, for builds in which each program has its libraries in it
 * (make EMBED=DIR): itrack-worker has the commands, too, and bin/itrack only starts
 * it with the argument ONE_ITRACK. So nothing is there twice.
 */
#ifndef WRAP_ONE_ONE_H
#define WRAP_ONE_ONE_H

/* The first argument of the one program that is to be itrack. The name that a program
 * is started by would not do: an emulator (qemu by binfmt_misc) puts another there. No
 * worker has this argument: itrack-wrap, which hands it its own, refuses it. */
#define ONE_ITRACK "--(itrack)"

/* main of wrap/worker and of wrap/itrack, which this build names so. */
int worker_main(int argc, char **argv);
int itrack_main(int argc, char **argv);

#endif
