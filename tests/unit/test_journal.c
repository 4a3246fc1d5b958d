#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/journal.h"
#include "tap.h"

#define LEFT    "20261123T124842Z-left00000000"
#define NEWBORN "20261123T124842Z-newborn00000"
#define LONG    "20261123T124842Z-long00000000"
#define MANY    "20261123T124842Z-many00000000"

static char state[] = "/tmp/itrack-journal-XXXXXX";

static void
append(struct journal *j, const char *run_id)
{
	struct entry e;

	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup(run_id);
	journal_append(j, &e, NULL);
	entry_release(&e);
}

static void
expect(struct journal_reader *r, const char *run_id)
{
	struct entry e;

	if (!ok(journal_read(r, &e, NULL) == 1, "an entry comes"))
		return;
	is_text(e.run_id, run_id, run_id);
	entry_release(&e);
}

/* Who comes between the making of a journal and its maker's lock takes neither
 * the lock nor the journal. */
static void
test_newborn(void)
{
	struct journal *j = journal_create(state, NEWBORN, NULL),
		       *visitor = NULL;
	char path[256];
	int held;

	snprintf(path, sizeof path, "%s/runs/%s/journal.jsonl", state, NEWBORN);
	held = open(path, O_RDWR | O_CLOEXEC);
	journal_close(j);
	is_int(journal_adopt(state, NEWBORN, &visitor, NULL), -EBUSY,
	    "a newborn is not taken up");
	is_int(journal_discard(state, NEWBORN, NULL), -EBUSY, "nor removed");
	is_int(flock(held, LOCK_EX | LOCK_NB), 0, "its maker gets the lock");
	close(held);
}

static void
test_write_and_read(const char *attempt)
{
	struct journal *j = journal_create(state, attempt, NULL);
	struct journal_reader r;
	struct entry e;
	struct stat st;
	char path[256];

	ok(!journal_in_memory(j), "it is on disk");
	snprintf(path, sizeof path, "%s/runs/%s", state, attempt);
	stat(path, &st);
	is_int(st.st_mode & 0777, 0700, "the directory is private");
	journal_reader_init(&r, j);
	append(j, "one");
	is_int(journal_read(&r, &e, NULL), 0, "nothing before the flush");
	append(j, "two");
	is_int(journal_flush(j, NULL), 0, "flush");
	expect(&r, "one");
	expect(&r, "two");
	is_int(journal_read(&r, &e, NULL), 0, "the end");
	append(j, "three");
	journal_flush(j, NULL);
	ok(journal_needs_sync(j), "flushed is not synced");
	is_int(journal_sync(j, NULL), 0, "sync");
	ok(!journal_needs_sync(j), "synced");
	expect(&r, "three");
	r.offset = 0;
	expect(&r, "one");
	is_int(journal_adopt(state, attempt, &(struct journal *){NULL}, NULL),
	    -EBUSY, "a living owner is not robbed");
	journal_reader_release(&r);
	journal_close(j);
}

/* A reader that is moved behind its end, and back, when what it had read ahead
 * is another part. */
static void
test_moved(void)
{
	struct journal *j = journal_create(NULL, "a", NULL);
	enum entry_kind kind = ENTRY_START;
	struct journal_reader r;
	char name[16];
	int64_t at = 0, last;

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "run %d", i);
		append(j, name);
	}
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	do {
		last = at;
		at = r.offset;
	} while (journal_skip(&r, NULL) == 1);
	r.offset = 0;
	is_int(journal_peek(&r, &kind, NULL), 1, "the first entry is there");
	r.offset = journal_size(j);
	is_int(journal_peek(&r, &kind, NULL), 0, "nothing behind it");
	r.offset = 0;
	expect(&r, "run 0");
	r.offset = last;
	expect(&r, "run 4999");
	is_int(journal_skip(&r, NULL), 0, "the end again");
	r.offset = last;
	expect(&r, "run 4999");
	journal_reader_release(&r);
	journal_close(j);
}

/* Kinds alone: ours, of another form, cut, and of a newer program. */
static void
test_peek(const char *attempt)
{
	static const char lines[] =
	    "{\"entry\":\"run_id\",\"time_us\":1,\"run_id\":\"one\"}\n"
	    "{ \"time_us\": 1, \"entry\": \"end\" }\n"
	    "{\"entry\":\"artifact\"\n"
	    "{\"entry\":\"artifacts\",\"time_us\":1}\n";
	char path[256];
	struct journal_reader r;
	enum entry_kind kind = ENTRY_START;
	int fd;

	journal_close(journal_create(state, attempt, NULL));
	snprintf(path, sizeof path, "%s/runs/%s/journal.jsonl", state, attempt);
	fd = open(path, O_WRONLY | O_APPEND);
	ok(write(fd, lines, sizeof lines - 1) == sizeof lines - 1, "lines");
	close(fd);
	is_int(journal_reader_open(&r, state, attempt, NULL), 0, "opened");
	ok(journal_peek(&r, &kind, NULL) == 1 && kind == ENTRY_RUN_ID,
	    "the first is a run ID");
	expect(&r, "one");
	ok(journal_peek(&r, &kind, NULL) == 1 && kind == ENTRY_END,
	    "another order, blanks");
	is_int(journal_skip(&r, NULL), 1, "passed over");
	ok(journal_peek(&r, &kind, NULL) == 1 && kind == ENTRY_ARTIFACT,
	    "the rest of a line is not looked at");
	is_int(journal_skip(&r, NULL), 1, "passed over");
	ok(journal_peek(&r, &kind, NULL) == -EPROTONOSUPPORT,
	    "an unknown kind is refused");
	is_int(journal_skip(&r, NULL), 1, "passed over");
	is_int(journal_peek(&r, &kind, NULL), 0, "the end");
	is_int(journal_skip(&r, NULL), 0, "nothing to pass over");
	journal_reader_release(&r);
}

static void
test_adoption(const char *attempt)
{
	struct journal *j = NULL;
	struct journal_reader r;
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/runs/%s/journal.jsonl", state, attempt);
	fd = open(path, O_WRONLY | O_APPEND);
	ok(write(fd, "{\"entry\":\"run", 13) == 13, "a torn line is left");
	close(fd);
	is_int(journal_reader_open(&r, state, attempt, NULL), 0, "read alone");
	expect(&r, "one");
	expect(&r, "two");
	expect(&r, "three");
	is_int(journal_read(&r, &(struct entry){0}, NULL), 0,
	    "a torn line is not there");
	journal_reader_release(&r);
	is_int(journal_adopt(state, attempt, &j, NULL), 0, "adopt");
	append(j, "four");
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	r.offset = 0;
	expect(&r, "one");
	expect(&r, "two");
	expect(&r, "three");
	expect(&r, "four");
	journal_reader_release(&r);
	journal_close(j);
	fd = open(path, O_WRONLY | O_APPEND);
	ok(write(fd, "{\"en\0\0\0\0\0\n{\"entry\":\"end\"}\n", 27) == 27,
	    "a loss of power leaves zeros before what is there");
	close(fd);
	is_int(journal_adopt(state, attempt, &j, NULL), 0, "adopt");
	journal_reader_init(&r, j);
	r.offset = 0;
	expect(&r, "one");
	expect(&r, "two");
	expect(&r, "three");
	expect(&r, "four");
	is_int(journal_read(&r, &(struct entry){0}, NULL), 0,
	    "they and what is behind them are gone");
	journal_reader_release(&r);
	journal_close(j);
}

static void
test_cursor(const char *attempt)
{
	static char huge[1024 * 1024];
	struct journal *j = NULL;
	struct cursor c, back;

	journal_adopt(state, attempt, &j, NULL);
	is_int(cursor_load(j, "local", &c, NULL), 0, "a cursor that is not");
	is_int(c.offset[LANE_FILES], 0, "starts at the start");
	c.offset[LANE_METRICS] = 17;
	c.finished = true;
	c.place = xstrdup("/there");
	cursor_set(&c, "run_id", "a");
	cursor_set(&c, "run_id", "b");
	is_int(cursor_save(j, "local", &c, NULL), 0, "is saved");
	is_int(cursor_load(j, "local", &back, NULL), 0, "and loaded");
	is_int(back.offset[LANE_METRICS], 17, "offset");
	ok(back.finished && !back.opened, "flags");
	is_text(back.place, "/there", "place");
	is_text(cursor_get(&back, "run_id"), "b", "state");
	cursor_release(&back);
	memset(huge, 'x', sizeof huge - 1);
	cursor_set(&c, "run_id", huge);
	is_int(cursor_save(j, "local", &c, NULL), -EMSGSIZE,
	    "one that is too long is not saved");
	is_int(cursor_load(j, "local", &back, NULL), 0, "the old one stays");
	is_text(cursor_get(&back, "run_id"), "b", "as it was");
	cursor_release(&back);
	cursor_release(&c);
	is_int(journal_remove(j, NULL), 0, "the journal is removed");
	journal_close(j);
	is_int(journal_adopt(state, attempt, &j, NULL), -ENOENT, "and gone");
}

/* A damaged cursor is none, and what was wrong with it is told. */
static void
test_damaged_cursor(void)
{
	static const char *const damages[][2] = {{"metrics", "-1"},
	    {"files", "9223372036854775808"}, {"metrics", "\"5\""},
	    {"metrics", "99"}, {"delivered", "-1"}, {"rejected", "1.5"},
	    {"opened", "1"}, {"finished", "null"}, {"place", "[]"},
	    {"state", "[]"}, {"state", "{\"dir\":5}"}};
	struct journal *j = journal_create(state, LEFT, NULL);

	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		char *text = xasprintf("{\"version\":1,\"%s\":%s}\n",
		    damages[i][0], damages[i][1]);
		struct err err = ERR_INIT;
		struct cursor c;

		journal_put_file(j, "cursor.local", text, strlen(text), NULL);
		is_int(cursor_load(j, "local", &c, &err), 1, damages[i][0]);
		ok(c.offset[LANE_METRICS] == 0 && c.offset[LANE_FILES] == 0 &&
			!c.opened && !c.finished && c.place == NULL &&
			c.state_len == 0,
		    "nothing is taken from it");
		ok(strcmp(damages[i][1], "99") == 0 ||
			strstr(err.message, damages[i][0]) != NULL,
		    "'%s'", err.message);
		free(text);
	}
	journal_put_file(j, "cursor.local", "", 0, NULL);
	is_int(cursor_load(j, "local", &(struct cursor){0}, NULL), 1,
	    "nor is an empty one any");
	is_int(journal_remove(j, NULL), 0, "it can be given up");
	journal_close(j);
}

static void
test_memory(void)
{
	struct err why = ERR_INIT;
	struct journal *j = journal_create("/proc/nowhere", "a", &why);
	struct journal_reader r;

	ok(journal_in_memory(j), "no state directory: memory");
	ok(why.message[0] != '\0', "and the reason: %s", why.message);
	append(j, "one");
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	expect(&r, "one");
	journal_reader_release(&r);
	journal_close(j);
}

/* The disk keeps the beginning; a cursor beyond it would pass over what another
 * process writes there. */
static void
test_left_disk(void)
{
	struct journal *j = journal_create(state, LEFT, NULL);
	struct cursor c = {0}, back;
	struct journal_reader r;
	int64_t on_disk;

	append(j, "one");
	journal_flush(j, NULL);
	on_disk = journal_size(j);
	journal_leave_disk(j);
	append(j, "two");
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	expect(&r, "one");
	expect(&r, "two");
	journal_reader_release(&r);
	c.offset[LANE_METRICS] = journal_size(j);
	is_int(cursor_save(j, "mlflow", &c, NULL), 0, "its cursor is saved");
	journal_close(j);
	is_int(journal_adopt(state, LEFT, &j, NULL), 0, "adopt what is left");
	is_int(journal_size(j), on_disk, "the beginning");
	cursor_load(j, "mlflow", &back, NULL);
	is_int(back.offset[LANE_METRICS], on_disk, "the cursor ends with it");
	cursor_release(&back);
	journal_remove(j, NULL);
	journal_close(j);
}

static void
test_long_entry(void)
{
	struct journal *j = journal_create(state, LONG, NULL);
	size_t len = 3 * 1024 * 1024;
	char *text = malloc(len + 1);
	struct journal_reader r;

	memset(text, 'x', len);
	text[len] = '\0';
	append(j, text);
	append(j, "behind");
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	expect(&r, text);
	expect(&r, "behind");
	journal_reader_release(&r);
	journal_remove(j, NULL);
	journal_close(j);
	free(text);
}

/* More in one turn than is ever held. */
static void
test_many_entries(void)
{
	struct journal *j = journal_create(state, MANY, NULL);
	char *text = xcalloc(1, 100001);
	struct journal_reader r;
	struct entry e;
	int n = 0;

	memset(text, 'x', 100000);
	for (int i = 0; i < 400; i++)
		append(j, text);
	journal_flush(j, NULL);
	journal_reader_init(&r, j);
	while (journal_read(&r, &e, NULL) == 1) {
		n += strlen(e.run_id) == 100000;
		entry_release(&e);
	}
	is_int(n, 400, "40 MB of entries without a turn of the loop");
	journal_reader_release(&r);
	journal_close(j);
	free(text);
}

int
main(void)
{
	char attempt[ATTEMPT_SIZE], command[64];

	if (mkdtemp(state) == NULL)
		return 1;
	journal_new_attempt(attempt, 1795438122000000);
	ok(strncmp(attempt, "20261123T124842Z-", 17) == 0, "%s", attempt);
	test_newborn();
	test_write_and_read(attempt);
	test_adoption(attempt);
	test_cursor(attempt);
	test_damaged_cursor();
	test_memory();
	test_left_disk();
	test_long_entry();
	test_moved();
	test_many_entries();
	journal_new_attempt(attempt, 1795438122000000);
	test_peek(attempt);
	snprintf(command, sizeof command, "rm -rf %s", state);
	return system(command) == 0 ? done_testing() : 1;
}
