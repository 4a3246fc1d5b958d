/*
 * What of a journal is on the disk, and when: the program has its own fsync,
 * fdatasync and syncfs, which count what they are asked for and fail when told to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/journal.h"
#include "tap.h"

#define ATTEMPT "20261123T124842Z-synced000000"

static char state[] = "/tmp/itrack-journal-sync-XXXXXX";

/* The calls for folders and for files since count_anew(), and which of each
 * fails; 0: none. */
static int folders, files, systems, bad_folder, bad_file, bad_system;

static int
count(int fd)
{
	struct stat st;
	bool folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

	if (folder ? ++folders != bad_folder : ++files != bad_file)
		return 0;
	errno = EIO;
	return -1;
}

int
fsync(int fd)
{
	return count(fd);
}

int
fdatasync(int fd)
{
	return count(fd);
}

int
syncfs(int fd)
{
	(void)fd;
	if (++systems != bad_system)
		return 0;
	errno = EIO;
	return -1;
}

/* Without a flush. */
static void
hold(struct journal *j)
{
	struct entry e;

	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup("x");
	journal_append(j, &e, NULL);
	entry_release(&e);
}

static void
append(struct journal *j)
{
	hold(j);
	journal_flush(j, NULL);
}

/* Forgets what was counted; from now on nothing fails. */
static void
count_anew(void)
{
	folders = files = systems = 0;
	bad_folder = bad_file = bad_system = 0;
}

static void
test_sync(struct journal *j)
{
	append(j);
	count_anew();
	is_int(journal_sync(j, NULL), 0, "what was flushed is synced");
	is_int(files, 1, "the journal");
	is_int(folders, 2, "its folder, and the one that this is in");
	append(j);
	count_anew();
	is_int(journal_sync(j, NULL), 0, "what comes later, too");
	is_int(files, 1, "the journal");
	is_int(folders, 0, "whose name is there by now");
	is_int(journal_sync(j, NULL), 0, "nothing new");
	is_int(files, 1, "nothing to do");
}

static void
test_put_file(struct journal *j)
{
	count_anew();
	is_int(journal_put_file(j, "kept.1", "abc", 3, NULL), 0, "a file");
	is_int(files, 1, "its bytes are synced before an entry can name it");
	append(j);
	count_anew();
	is_int(journal_sync(j, NULL), 0, "the entry is synced");
	is_int(folders, 1, "with the name of the file");
}

/* A second process reads what the first one writes. */
static void
test_follower(struct journal *j)
{
	struct journal *follower = NULL;

	is_int(journal_follow(state, ATTEMPT, &follower, NULL), 0, "follow");
	append(j);
	journal_refresh(follower);
	is_int(journal_sync(follower, NULL), 0, "the follower syncs");
	journal_put_file(j, "kept.2", "abc", 3, NULL);
	append(j);
	journal_refresh(follower);
	count_anew();
	is_int(journal_sync(follower, NULL), 0, "and once more");
	is_int(folders, 1, "with the name of the owner's new file");
	journal_close(follower);
	is_int(journal_sync(j, NULL), 0, "the owner syncs, too");
}

static void
test_failures(struct journal *j)
{
	char *kept = journal_kept_path(j, "kept.4");

	journal_put_file(j, "kept.3", "abc", 3, NULL);
	append(j);
	count_anew();
	bad_folder = 1;
	is_int(journal_sync(j, NULL), -EIO, "names that can't be synced");
	ok(journal_needs_sync(j), "are left to do");
	count_anew();
	is_int(journal_sync(j, NULL), 0, "and tried again");
	is_int(folders, 1, "they alone");
	ok(!journal_needs_sync(j), "until it is done");
	append(j);
	count_anew();
	bad_file = 1;
	is_int(journal_sync(j, NULL), -EIO, "entries that can't be synced");
	ok(journal_needs_sync(j), "are left to do");
	count_anew();
	is_int(journal_sync(j, NULL), 0, "and tried again");
	is_int(files, 1, "the journal");
	bad_file = 2;
	is_int(journal_put_file(j, "kept.4", "abc", 3, NULL), -EIO,
	    "a file that can't be synced");
	ok(access(kept, F_OK) < 0, "is not there");
	free(kept);
}

/* The attempt's own folder has its name in another one. */
static void
test_outer_failure(void)
{
	struct journal *j =
	    journal_create(state, "20261123T124842Z-outer0000000", NULL);

	append(j);
	count_anew();
	bad_folder = 2;
	is_int(journal_sync(j, NULL), -EIO, "a folder that has no safe name");
	count_anew();
	is_int(journal_sync(j, NULL), 0, "gets it");
	is_int(folders, 1, "and what is in it has its own already");
	journal_remove(j, NULL);
	journal_close(j);
}

#define MANY 5

static void
keep(struct journal *j)
{
	int from = open("/dev/null", O_RDONLY);
	int64_t bytes;

	is_int(journal_keep_file(j, "kept.1", from, &bytes, NULL), 0, "kept");
	close(from);
}

/* Many journals share their syncs. */
static void
test_many(void)
{
	struct journal *list[MANY];
	int64_t before;

	for (int i = 0; i < MANY; i++) {
		char name[ATTEMPT_SIZE];

		snprintf(
		    name, sizeof name, "20261123T124842Z-many0000000%d", i);
		list[i] = journal_create(state, name, NULL);
		append(list[i]);
		journal_gather(list[i]);
		count_anew();
		keep(list[i]);
		hold(list[i]);
		is_int(files + folders + systems, 0, "no sync for each file");
	}
	journals_sync(list, MANY);
	is_int(systems, 2, "one for all files, one for all entries");
	is_int(files + folders, 0, "and no other");
	for (int i = 0; i < MANY; i++)
		ok(!journal_needs_sync(list[i]), "nothing is left to do");
	journal_gather(list[0]);
	keep(list[0]);
	hold(list[0]);
	before = journal_size(list[0]);
	count_anew();
	bad_system = 1;
	is_int(journal_flush(list[0], NULL), -EIO, "a file that is not safe");
	is_int(journal_size(list[0]), before, "has no entry yet");
	is_int(journal_flush(list[0], NULL), 0, "the next flush syncs it");
	is_int(systems, 2, "before the entry");
	for (int i = 0; i < MANY; i++) {
		journal_remove(list[i], NULL);
		journal_close(list[i]);
	}
}

int
main(void)
{
	struct journal *j;
	char command[64];

	if (mkdtemp(state) == NULL)
		return 1;
	j = journal_create(state, ATTEMPT, NULL);
	test_sync(j);
	test_put_file(j);
	test_follower(j);
	test_failures(j);
	journal_remove(j, NULL);
	journal_close(j);
	test_outer_failure();
	test_many();
	snprintf(command, sizeof command, "rm -rf %s", state);
	return system(command) == 0 ? done_testing() : 1;
}
