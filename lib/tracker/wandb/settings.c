#include "tracker/wandb/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "http/http.h"
#include "tracker/common/settings_file.h"
#include "tracker/wandb/variables.h"
#include "tracker/wandb/ini.h"
#include "tracker/wandb/key.h"

#define DEFAULT_BASE_URL "https://api.wandb.ai"
/* W&B's own: its server is api.wandb.ai, and no key goes there by plain http. */
#define SERVICE "wandb.ai"
/* A netrc of a busy user has a few kB. */
#define SETTINGS_FILE_MAX (1024 * 1024)

/* The first of them counts. */
static void
could_not_look(struct wandb_settings *s, const struct err *err)
{
	if (s->unread.code == 0)
		s->unread = *err;
}

char *
wandb_settings_read(struct wandb_settings *s, const char *path)
{
	struct err err = ERR_INIT;
	struct buf text;
	char *result = NULL;
	int there;

	buf_init(&text, SETTINGS_FILE_MAX);
	there = settings_file_read(path, &text, &s->denied, &err);
	if (there > 0)
		result = buf_steal(&text);
	else if (there < 0)
		could_not_look(s, &err);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return result;
}

char *
wandb_home_file(const char *name)
{
	const char *home = environment_value("HOME");

	return home != NULL ? path_join(home, name) : NULL;
}

static void
replace(char **text, const char *with)
{
	if (with == NULL || with[0] == '\0')
		return;
	free(*text);
	*text = xstrdup(with);
}

static void
take_value(const char *text, const char *name, char **to)
{
	char *value = wandb_ini_value(text, name);

	replace(to, value);
	free(value);
}

/* `mode` is what `wandb offline` writes. */
static void
take_file(
    struct wandb_settings *s, const char *path, char **base_url, char **mode)
{
	char *text = path != NULL ? wandb_settings_read(s, path) : NULL;

	if (text != NULL) {
		take_value(text, "base_url", base_url);
		take_value(text, "entity", &s->entity);
		take_value(text, "project", &s->project);
		take_value(text, "mode", mode);
	}
	free(text);
}

/* "shared" is W&B's word for several writers of one run: online too. */
static enum wandb_mode
mode_of(const char *word)
{
	static const struct {
		const char *word;
		enum wandb_mode mode;
	} words[] = {{"online", WANDB_ONLINE}, {"run", WANDB_ONLINE},
	    {"shared", WANDB_ONLINE}, {"offline", WANDB_OFFLINE},
	    {"dryrun", WANDB_OFFLINE}, {"disabled", WANDB_DISABLED}};
	size_t i;

	for (i = 0; word != NULL && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].mode;
	return WANDB_UNDECIDED;
}

static void
find_mode(struct wandb_settings *s, const struct wandb_wishes *wishes,
    const char *filed)
{
	const char *mode = wishes->mode;

	if (mode == NULL)
		mode = environment_value("WANDB_MODE");
	if (mode == NULL)
		mode = filed;
	s->mode = mode_of(mode);
	s->mode_given = s->mode != WANDB_UNDECIDED;
	if (!s->mode_given)
		s->mode = s->key != NULL ? WANDB_ONLINE : WANDB_OFFLINE;
}

/* May files be made in the directory? */
static bool
is_writable(struct wandb_settings *s, const char *dir)
{
	struct err err = ERR_INIT;

	if (access(dir, W_OK) == 0)
		return true;
	if (!file_is_absent(-errno) && errno != EACCES && errno != EPERM &&
	    errno != EROFS) {
		err_errno(&err, "%s", dir);
		could_not_look(s, &err);
	}
	return false;
}

/* The folder that W&B's own folder is in, as the bytes of a path. */
static char *
find_parent(struct wandb_settings *s, const struct wandb_wishes *wishes)
{
	char *cwd =
	    wishes->cwd != NULL ? text_path_bytes(wishes->cwd) : xstrdup(".");
	char *path, *result;

	if (wishes->dir != NULL)
		path = text_path_bytes(wishes->dir);
	else if (environment_value("WANDB_DIR") != NULL)
		path = xstrdup(environment_value("WANDB_DIR"));
	else /* W&B's own way out of a place that can't be written */
		path = xstrdup(is_writable(s, cwd) ? cwd
			: environment_value("TMPDIR") != NULL
			? environment_value("TMPDIR")
			: P_tmpdir);
	result = path_join(cwd, path);
	free(path);
	free(cwd);
	return result;
}

/* <parent>/.wandb if that exists, else <parent>/wandb. */
static char *
find_root(struct wandb_settings *s, const struct wandb_wishes *wishes)
{
	char *parent = find_parent(s, wishes);
	char *hidden = path_join(parent, ".wandb");
	struct err err = ERR_INIT;
	struct stat st;
	int there = file_look(AT_FDCWD, hidden, 0, &st, &err);

	if (there < 0)
		could_not_look(s, &err);
	if (there <= 0 || !S_ISDIR(st.st_mode)) {
		free(hidden);
		hidden = path_join(parent, "wandb");
	}
	free(parent);
	return hidden;
}

static void
cut_slashes(char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
}

/* W&B's folder may have come with a directory that somebody else has made, so
 * it does not say where the key goes: to the server of the user's own file, or
 * to one that netrc has a key for. Where the user names none, the key may be
 * meant for either: it goes to neither. */
static void
take_found(
    struct wandb_settings *s, const char *found, const char *file, bool named)
{
	if (found == NULL || strcmp(found, s->base_url) == 0)
		return;
	if (http_same_origin(s->base_url, found) ||
	    (wandb_key_is_for(s, found) && !uri_is_in_clear(found)))
		replace(&s->base_url, found);
	else if (named)
		s->note = xasprintf("%s names another server, %s: not "
				    "followed; --wandb-base-url or "
				    "WANDB_BASE_URL can name it",
		    file, found);
	else
		s->refused = xasprintf("%s names another server, %s: say with "
				       "--wandb-base-url or WANDB_BASE_URL "
				       "where the key goes, there or to %s",
		    file, found, s->base_url);
}

/* The key is all that W&B wants; what else a URL holds would be shown with it.
 */
static void
clean_url(char *url)
{
	if (url == NULL)
		return;
	uri_clean(url);
	cut_slashes(url);
}

static void
find_base_url(struct wandb_settings *s, const struct wandb_wishes *wishes,
    const char *filed, char *found)
{
	const char *chosen = wishes->base_url;
	char *file = path_join(s->root, "settings"), why[URI_WHY_MAX];

	if (chosen == NULL)
		chosen = environment_value("WANDB_BASE_URL");
	s->base_url = xstrdup(chosen != NULL ? chosen
		: filed != NULL              ? filed
					     : DEFAULT_BASE_URL);
	clean_url(s->base_url);
	clean_url(found);
	if (chosen == NULL)
		take_found(s, found, file, filed != NULL);
	if (!uri_is_fit(s->base_url, SERVICE, why)) {
		free(s->refused);
		s->refused = xasprintf("%s %s", s->base_url, why);
	}
	free(file);
}

static void
take_files(
    struct wandb_settings *s, const struct wandb_wishes *wishes, char **mode)
{
	const char *folder = environment_value("WANDB_CONFIG_DIR");
	char *own = folder != NULL ? path_join(folder, "settings")
				   : wandb_home_file(".config/wandb/settings");
	char *other = path_join(s->root, "settings");
	char *filed = NULL, *found = NULL;

	take_file(s, own, &filed, mode);
	take_file(s, other, &found, mode);
	find_base_url(s, wishes, filed, found);
	free(filed);
	free(found);
	free(own);
	free(other);
}

void
wandb_settings_load(struct wandb_settings *s, const struct wandb_wishes *wishes)
{
	struct err before;
	char *mode = NULL;

	*s = (struct wandb_settings){0};
	s->root = find_root(s, wishes);
	take_files(s, wishes, &mode);
	replace(&s->entity, environment_value("WANDB_ENTITY"));
	replace(&s->entity, wishes->entity);
	replace(&s->project, environment_value("WANDB_PROJECT"));
	before = s->unread;
	wandb_key_find(s);
	find_mode(s, wishes, mode);
	wandb_variables_load(s);
	/* Nothing is sent: what the key is does not matter. */
	if (s->mode_given && s->mode != WANDB_ONLINE)
		s->unread = before;
	free(mode);
}

void
wandb_settings_release(struct wandb_settings *s)
{
	xfree_secret(s->key);
	wandb_variables_release(s);
	free(s->base_url);
	free(s->note);
	free(s->refused);
	free(s->denied);
	free(s->why_no_key);
	free(s->root);
	free(s->entity);
	free(s->project);
	*s = (struct wandb_settings){0};
}

struct wandb_wishes
wandb_wishes_of(const struct plan *plan)
{
	return (struct wandb_wishes){
	    .mode = plan_option(plan, "wandb-mode"),
	    .entity = plan_option(plan, "wandb-entity"),
	    .base_url = plan_option(plan, "wandb-base-url"),
	    .dir = plan_option(plan, "wandb-dir"),
	    .cwd = plan->cwd,
	};
}

const char *
wandb_project_of(const struct plan *plan, const struct wandb_settings *s)
{
	bool asked_for =
	    plan_option(plan, "track-project") != NULL || plan->from_library;

	return !asked_for && s->project != NULL ? s->project : plan->project;
}

char *
wandb_destination(const struct plan *plan, struct err *err)
{
	const struct wandb_wishes wishes = wandb_wishes_of(plan);
	struct wandb_settings s;
	char *place = NULL, *where = NULL;

	wandb_settings_load(&s, &wishes);
	if (s.unread.code < 0)
		err_set(err, s.unread.code, "%s", s.unread.message);
	else
		place = s.mode == WANDB_ONLINE && s.key != NULL
		    ? xstrdup(s.base_url)
		    : path_real(s.root, err);
	if (place != NULL)
		where = xasprintf("%s\tentity %s\tproject %s", place,
		    s.entity != NULL ? s.entity : "(default)",
		    wandb_project_of(plan, &s));
	free(place);
	wandb_settings_release(&s);
	return where;
}
