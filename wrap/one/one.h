/*
 * The programs in one, for builds in which each program has its libraries in it
 * (make EMBED=DIR): itrack-worker has the commands, too, and bin/itrack only starts
 * it by the name ONE_ITRACK. So nothing is there twice.
 */
#ifndef WRAP_ONE_ONE_H
#define WRAP_ONE_ONE_H

/* What the one program is called as when it is to be itrack: not a name that a link
 * to it would have. */
#define ONE_ITRACK "(itrack)"

/* main of wrap/worker and of wrap/itrack, which this build names so. */
int worker_main(int argc, char **argv);
int itrack_main(int argc, char **argv);

#endif
