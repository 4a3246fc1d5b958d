/* Whose certificates are trusted beside the system's: those of the file that a
 * tracker's own setting names, else of all that the usual variables name. They
 * are read when the first request goes to an https address, because they are no
 * matter for any other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "http/private.h"

/* The system's own bundle has some 220 kB. */
#define CERTIFICATES_MAX ((size_t)16 * 1024 * 1024)
/* Of variables that name what can't be read. */
#define UNREAD_MAX 1024

/* requests' and curl's variables name a file or a directory, OpenSSL's a file and
 * a list of directories. */
static const char *const variables[] = {
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"};

/* The system's own, for a libcurl that was not built for one system: Debian's,
 * Alpine's and Arch's; RHEL's; SUSE's; then what others have. */
static const char *const system_places[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/ssl/certs"};

struct reading {
	struct http *h;
	const char *dir;
	struct err *err;
};

static int
add_file(struct http *h, const char *path, struct err *err)
{
	int fd = file_open_through_links(AT_FDCWD, path, NULL, err);
	int result;

	if (fd < 0)
		return fd;
	result = file_read_rest(fd, path, &h->certificates, err);
	close(fd);
	if (result == 0)
		buf_addc(&h->certificates, '\n');
	return result;
}

/* A directory of certificates has other things in it, too. */
static int
add_name(const char *name, void *data)
{
	struct reading *r = data;
	char *path = path_join(r->dir, name);
	int result = add_file(r->h, path, r->err);

	free(path);
	return result == -EMSGSIZE ? result : 0;
}

/* What `path` names: a file or a directory of files. */
static int
add_place(struct http *h, const char *path, struct err *err)
{
	struct err one = ERR_INIT;
	struct reading r = {.h = h, .dir = path, .err = &one};
	struct stat st;
	int there = file_look(AT_FDCWD, path, 0, &st, err), result;

	if (there <= 0)
		return there < 0
		    ? there
		    : err_set(err, -ENOENT, "%s: %s", path, strerror(ENOENT));
	if (!S_ISDIR(st.st_mode))
		return add_file(h, path, err);
	result = file_each_name(AT_FDCWD, path, add_name, &r, err);
	if (result == -EMSGSIZE)
		err_set(err, result, "%s", one.message);
	return result;
}

/* A directory may be a link farm of a system that is gone: what can't be read is
 * said when a certificate is not trusted. */
static void
add_variable(struct http *h, const char *name)
{
	const char *value = environment_value(name);
	bool is_list = strcmp(name, "SSL_CERT_DIR") == 0;
	char *list, *rest, *path;

	if (value == NULL)
		return;
	rest = list = xstrdup(value);
	while ((path = is_list ? strsep(&rest, ":") : rest) != NULL) {
		struct err err = ERR_INIT;

		if (!is_list)
			rest = NULL;
		if (path[0] != '\0' && add_place(h, path, &err) < 0)
			buf_addf(&h->unread, "; %s: %s", name, err.message);
	}
	free(list);
}

static void
add_system(struct http *h)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	struct err err = ERR_INIT;

	if (info->cainfo != NULL || info->capath != NULL)
		return;
	for (size_t i = 0; i < sizeof system_places / sizeof system_places[0];
	     i++)
		if (access(system_places[i], R_OK) == 0) {
			if (add_place(h, system_places[i], &err) < 0)
				buf_addf(&h->unread, "; %s", err.message);
			return;
		}
	buf_addf(&h->unread,
	    "; this system has no certificates in %s or the "
	    "like: install ca-certificates or set SSL_CERT_FILE",
	    system_places[0]);
}

int
http_trust_load(struct http *h, struct err *err)
{
	if (h->trust_is_loaded)
		return h->trust_err.code < 0 ? err_set(err, h->trust_err.code,
						   "%s", h->trust_err.message)
					     : 0;
	h->trust_is_loaded = true;
	buf_init(&h->certificates, CERTIFICATES_MAX);
	buf_init(&h->unread, UNREAD_MAX);
	if (h->client_cert != NULL && access(h->client_cert, R_OK) < 0)
		err_errno(&h->trust_err, "%s", h->client_cert);
	else if (h->ca != NULL)
		add_place(h, h->ca, &h->trust_err);
	else if (!h->insecure)
		for (size_t i = 0; i < sizeof variables / sizeof variables[0];
		     i++)
			add_variable(h, variables[i]);
	if (!h->insecure)
		add_system(h);
	return http_trust_load(h, err);
}

const char *
http_trust_unread(const struct http *h)
{
	return h->unread.data != NULL ? h->unread.data : "";
}

void
http_trust_set(const struct http *h, CURL *easy)
{
	struct curl_blob blob = {.data = h->certificates.data,
	    .len = h->certificates.len,
	    .flags = CURL_BLOB_NOCOPY};

	if (h->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (blob.len == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob);
}

void
http_trust_release(struct http *h)
{
	buf_release(&h->certificates);
	buf_release(&h->unread);
}
