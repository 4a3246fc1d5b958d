/*
 * The modes of insideLLMs: which files a run writes, in which order, and how it
 * ends. Header only, as rundir.h; write_run.c is the program.
 *
 *	load_lines(&settings);
 *	status = find_mode("harness")->write(&settings);
 */
#ifndef PROGRAMS_MODES_H
#define PROGRAMS_MODES_H

#include <signal.h>
#include <time.h>

#include "rundir.h"

#define MARKER "insideLLMs run directory\n"
#define REPORT "<!DOCTYPE html><title>report</title>\n"
/* What Python's text layer gathers before it writes. */
#define PYTHON_CHUNK 8192

struct line {
	const char *text;
	size_t len; /* newline included */
};

struct settings {
	const char *mode, *from, *link, *project, *gate, *how;
	char *to;
	bool explain, skip_report, overwrite, quiet, split;
	bool clear_env, close_fds, ignore_term, die_at_marker;
	long pace_ms, copies, big_bytes, stop_after, torn_bytes, status;
	int die_by;
	/* Made from these: */
	int gate_fd;
	struct line *lines;
	long count;
	struct line torn; /* the fixture's bytes behind the last newline */
};

static const char *const artifact_names[] = {"manifest.json", "records.jsonl",
    "config.resolved.yaml", "summary.json", "explain.json", "report.html"};

static void
wait_turn(struct settings *s)
{
	char c = '\0';

	if (s->gate_fd != -1) {
		while (c != '\n' && read(s->gate_fd, &c, 1) == 1)
			;
	} else if (s->pace_ms > 0)
		nanosleep(&(struct timespec){s->pace_ms / 1000,
			      s->pace_ms % 1000 * 1000000},
		    NULL);
}

/* A record as it would be with another status: the last but one key. */
static struct line
with_status(struct line line, const char *status)
{
	static const char key[] = ",\"status\":\"";
	const char *at = NULL, *end;
	char *text = NULL;
	int len;

	for (const char *p = line.text;
	     (p = memmem(p, (size_t)(line.text + line.len - p), key,
		  strlen(key))) != NULL;
	     p++)
		at = p + strlen(key);
	if (at == NULL)
		return line;
	end = strchr(at, '"');
	len = asprintf(&text, "%.*s%s%.*s", (int)(at - line.text), line.text,
	    status, (int)(line.text + line.len - end), end);
	return (struct line){text, (size_t)len};
}

static bool
is_success(struct line line)
{
	static const char key[] = "\"status\":\"success\"";

	return memmem(line.text, line.len, key, strlen(key)) != NULL;
}

/* A record with one long text more, in the place of the first key. */
static struct line
grown(struct line line, size_t bytes)
{
	static const char key[] = "{\"answer\":\"";
	size_t head = strlen(key), len = head + bytes + 2 + line.len - 1;
	char *text = malloc(len);

	if (text == NULL)
		fail("malloc", "");
	memcpy(text, key, head);
	memset(text + head, 'x', bytes);
	memcpy(text + head + bytes, "\",", 2);
	memcpy(text + head + bytes + 2, line.text + 1, line.len - 1);
	return (struct line){text, len};
}

static void
load_lines(struct settings *s)
{
	struct bytes b = read_in(s->from, "records.jsonl");
	char *p, *end, *newline;
	long fixture_count = 0;

	if (b.data == NULL)
		return;
	end = b.data + b.len;
	for (p = b.data; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		fixture_count++;
	s->lines =
	    calloc((size_t)(fixture_count * s->copies) + 1, sizeof(*s->lines));
	if (s->lines == NULL)
		fail("calloc", s->from);
	for (p = b.data; (newline = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = newline + 1)
		s->lines[s->count++] =
		    (struct line){p, (size_t)(newline + 1 - p)};
	s->torn = (struct line){p, (size_t)(end - p)};
	for (long i = 1; i < s->copies; i++)
		for (long k = 0; k < fixture_count; k++)
			s->lines[s->count++] = s->lines[k];
	if (s->big_bytes > 0 && s->count > 0)
		s->lines[0] = grown(s->lines[0], (size_t)s->big_bytes);
	if (s->stop_after >= 0 && s->stop_after < s->count) {
		s->torn = s->lines[s->stop_after];
		s->torn.len = (size_t)s->torn_bytes < s->torn.len
		    ? (size_t)s->torn_bytes
		    : s->torn.len - 1;
		s->count = s->stop_after;
	}
}

static void
write_line(struct settings *s, int fd, struct line line)
{
	size_t half = s->split ? line.len / 2 : 0;

	if (half > 0) {
		write_all(fd, line.text, half);
		wait_turn(s);
	}
	write_all(fd, line.text + half, line.len - half);
}

/* The end of a run that was interrupted: a cut line, then the signal. */
static void
die_here(struct settings *s, int fd)
{
	write_all(fd, s->torn.text, s->torn.len);
	fflush(NULL);
	signal(s->die_by, SIG_DFL);
	kill(getpid(), s->die_by);
	pause();
}

/* From now on the kernel kills us within the call that makes a file in there,
 * when it is made: no line of ours comes behind it. 77: it can't. */
static void
die_when_made(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || fcntl(fd, F_SETSIG, SIGKILL) == -1 ||
	    fcntl(fd, F_NOTIFY, DN_CREATE) == -1)
		_exit(77);
}

/* insideLLMs' own --track local: <parent>/tracking/<project>/<run id>. The
 * copies in artifacts/ look like a run directory and are none. */
static char *
own_tracking(struct settings *s)
{
	static const char key[] = "\"run_id\":\"";
	char *id, *dir = NULL;
	char *slash = strrchr(s->to, '/');

	if (s->project == NULL || s->count == 0)
		return NULL;
	id = memmem(s->lines[0].text, s->lines[0].len, key, strlen(key));
	if (id == NULL)
		return NULL;
	id += strlen(key);
	if (asprintf(&dir, "%.*s/tracking/%s/%.*s", (int)(slash - s->to), s->to,
		s->project, (int)strcspn(id, "\""), id) < 0)
		fail("asprintf", s->to);
	make_dirs(dir);
	write_text(dir, "metadata.json", "{}");
	return dir;
}

static void
end_own_tracking(struct settings *s, char *dir, bool finished)
{
	static const char *const names[] = {"final_state.json", "metrics.json",
	    "params.json", "artifacts.json"};
	char *artifacts;

	if (dir == NULL)
		return;
	artifacts = path_join(dir, "artifacts");
	for (size_t i = 0; finished && i < 6; i++) {
		char *from = path_join(s->to, artifact_names[i]);
		char *to = path_join(artifacts, artifact_names[i]);

		if (access(from, F_OK) == 0) {
			make_dirs(artifacts);
			copy_file(from, to);
		}
		free(from);
		free(to);
	}
	for (size_t i = 0; i < 4; i++)
		write_text(dir, names[i], "[]");
	free(artifacts);
	free(dir);
}

/* Status 1: the directory holds something and neither flag was given. */
static int
prepare_dir(struct settings *s)
{
	bool resume = strcmp(s->mode, "resume") == 0;

	if (!dir_is_empty(s->to)) {
		if (resume ? !exists_in(s->to, ".insidellms_run") &&
			    !exists_in(s->to, "manifest.json")
			   : !s->overwrite) {
			fprintf(stderr,
			    "ERROR Error running experiment: Run directory "
			    "'%s' already exists and is not empty.\n",
			    s->to);
			return 1;
		}
		if (!resume)
			remove_dir(s->to);
	}
	make_dirs(s->to);
	if (s->die_at_marker)
		die_when_made(s->to);
	if (!exists_in(s->to, ".insidellms_run"))
		write_text(s->to, ".insidellms_run", MARKER);
	return 0;
}

static void
replace_from(struct settings *s, const char *name)
{
	struct bytes b = read_in(s->from, name);

	if (b.data != NULL)
		replace_file(s->to, name, b);
	free(b.data);
}

static void
write_from(struct settings *s, const char *name)
{
	struct bytes b = read_in(s->from, name);

	if (b.data != NULL)
		write_in_place(s->to, name, b);
	free(b.data);
}

static int
open_records(struct settings *s, int flags)
{
	char *path = path_join(s->to, "records.jsonl");
	int fd = open_to_write(path, flags);

	free(path);
	return fd;
}

/* Plain: one write a record, each after its call. Bursts of up to five for
 * "async", where one slow call holds back the records behind it; all calls
 * first for "batch". */
static void
write_records(struct settings *s, int fd, long from)
{
	bool batch = strcmp(s->mode, "batch") == 0;
	bool async = strcmp(s->mode, "async") == 0;

	for (long i = from; batch && i < s->count; i++)
		wait_turn(s);
	for (long i = from; i < s->count; i++) {
		if (!batch && (!async || (i - from) % 7 % 5 == 0))
			wait_turn(s);
		write_line(s, fd, s->lines[i]);
	}
	if (s->die_by != 0)
		die_here(s, fd);
	close(fd);
}

static int
error_end(const char *what)
{
	fprintf(stderr, "ERROR Error running %s: stopped\n", what);
	return 1;
}

static int
good_end(struct settings *s)
{
	wait_turn(s);
	if (!s->quiet)
		printf("Run written to: %s\nValidate with: insidellms "
		       "validate %s\n",
		    s->to, s->to);
	return (int)s->status;
}

/* Changes the records to those of a run that fails at its first non-success;
 * false: nothing fails. */
static bool
cut_at_failure(struct settings *s)
{
	long i = 0;

	while (i < s->count && is_success(s->lines[i]))
		i++;
	if (i == s->count)
		return false;
	if (strcmp(s->mode, "stop-async") == 0)
		for (long k = i + 1; k < s->count; k++)
			s->lines[k] = with_status(s->lines[k], "skipped");
	else if (strcmp(s->mode, "validate-async") == 0)
		s->count = i;
	else
		s->count = i + 1;
	return true;
}

static int
write_plain(struct settings *s)
{
	bool stops = strncmp(s->mode, "stop", 4) == 0 ||
	    strcmp(s->mode, "validate-async") == 0;
	bool failed = stops && cut_at_failure(s);
	char *own = own_tracking(s);
	int fd;

	wait_turn(s);
	if (prepare_dir(s) != 0)
		return 1;
	replace_from(s, "config.resolved.yaml");
	if (strcmp(s->mode, "no-pydantic") == 0) {
		close(open_records(s, O_EXCL));
		return error_end("experiment");
	}
	if (strcmp(s->mode, "validate") == 0 && s->count > 2)
		s->lines[2] = with_status(s->lines[2], "error");
	fd = open_records(s, O_EXCL);
	write_records(s, fd, 0);
	if (failed || (s->stop_after >= 0 && s->die_by == 0)) {
		end_own_tracking(s, own, false);
		return error_end("experiment");
	}
	wait_turn(s);
	replace_from(s, "manifest.json");
	end_own_tracking(s, own, true);
	return good_end(s);
}

/* Python's buffer: several lines a write, seen always cut at line ends. */
static void
write_buffered(struct settings *s, int fd)
{
	char *chunk = NULL;
	size_t len = 0;

	for (long i = 0; i < s->count; i++) {
		char *more = realloc(chunk, len + s->lines[i].len);

		if (more == NULL)
			fail("realloc", s->to);
		chunk = more;
		memcpy(chunk + len, s->lines[i].text, s->lines[i].len);
		len += s->lines[i].len;
		if (len > PYTHON_CHUNK || i + 1 == s->count) {
			write_all(fd, chunk, len);
			len = 0;
		}
	}
	free(chunk);
	close(fd);
}

static int
write_harness(struct settings *s)
{
	char *own;

	wait_turn(s);
	if (prepare_dir(s) != 0)
		return 1;
	own = own_tracking(s);
	wait_turn(s);
	if (strcmp(s->mode, "harness-stop") == 0)
		return error_end("harness");
	replace_from(s, "config.resolved.yaml");
	write_buffered(s, open_records(s, O_TRUNC));
	link_file(s->to, s->link, "records.jsonl", "results.jsonl");
	wait_turn(s);
	replace_from(s, "manifest.json");
	write_from(s, "summary.json");
	if (s->explain)
		replace_from(s, "explain.json");
	if (!s->skip_report)
		write_text(s->to, "report.html", REPORT);
	end_own_tracking(s, own, true);
	return good_end(s);
}

/* Step by step as insideLLMs resumes: a cut line is removed by writing the
 * whole file again in place, then the missing records are appended. */
static int
write_resume(struct settings *s)
{
	struct bytes old;
	long have = 0;
	int fd;

	wait_turn(s);
	if (prepare_dir(s) != 0)
		return 1;
	replace_from(s, "config.resolved.yaml");
	old = read_in(s->to, "records.jsonl");
	if (old.len > 0 && old.data[old.len - 1] != '\n') {
		char *newline = memrchr(old.data, '\n', old.len);

		old.len =
		    newline != NULL ? (size_t)(newline + 1 - old.data) : 0;
		fd = open_records(s, O_TRUNC);
		wait_turn(s);
		write_all(fd, old.data, old.len);
		close(fd);
	}
	for (size_t i = 0; i < old.len; i++)
		have += old.data[i] == '\n';
	free(old.data);
	fd = open_records(s, O_APPEND);
	write_records(s, fd, have);
	if (s->stop_after >= 0 && s->die_by == 0)
		return error_end("experiment");
	wait_turn(s);
	replace_from(s, "manifest.json");
	return good_end(s);
}

/* `insidellms report`: rewrites two files, in place. */
static int
write_report(struct settings *s)
{

	wait_turn(s);
	write_from(s, "summary.json");
	write_text(s->to, "report.html", REPORT);
	return 0;
}

static int
write_nothing(struct settings *s)
{
	wait_turn(s);
	return (int)s->status;
}

static const struct mode {
	const char *name;
	int (*write)(struct settings *s);
} modes[] = {
    {"run", write_plain},
    {"async", write_plain},
    {"batch", write_plain},
    {"stop", write_plain},
    {"stop-async", write_plain},
    {"validate", write_plain},
    {"validate-async", write_plain},
    {"no-pydantic", write_plain},
    {"harness", write_harness},
    {"harness-stop", write_harness},
    {"resume", write_resume},
    {"report", write_report},
    {"dry-run", write_nothing},
};

static const struct mode *
find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	fprintf(stderr, "writer: no mode %s\n", name);
	exit(2);
}

#endif
