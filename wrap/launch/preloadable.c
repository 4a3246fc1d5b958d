#include "wrap/launch/preloadable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Dynamic entries of a program; Python has 30, Chromium 60. */
#define DYNAMIC_MAX 256
/* Long enough for every loader's path and for "libasan.so.8". */
#define NAME_MAX_LOOKED 128
/* What glibc's loaders begin with: ld-linux-x86-64.so.2, ld-linux-aarch64.so.1. */
#define GLIBC_LOADER "ld-linux"

struct program {
	int fd;
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[32]; /* programs have 9 to 15 */
	size_t segment_count;
};

static bool
read_at(int fd, void *to, size_t len, uint64_t offset)
{
	return offset <= INT64_MAX - len &&
	    pread(fd, to, len, (off_t)offset) == (ssize_t)len;
}

/* Reads the text at an offset. It is cut at NAME_MAX_LOOKED - 1, and empty if
 * it can't be read. */
static void
read_text(int fd, char text[NAME_MAX_LOOKED], uint64_t offset)
{
	ssize_t got = offset > INT64_MAX
	    ? -1
	    : pread(fd, text, NAME_MAX_LOOKED - 1, (off_t)offset);

	text[got > 0 ? got : 0] = '\0';
}

/* Opens what execvp would run. */
static int
open_command(const char *command)
{
	const char *path = getenv("PATH");
	char full[PATH_MAX];

	if (strchr(command, '/') != NULL)
		return open(command, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	for (; path != NULL; path = *path == ':' ? path + 1 : NULL) {
		size_t len = strcspn(path, ":");
		int fd;

		if (len + 1 + strlen(command) < sizeof(full)) {
			memcpy(full, path, len);
			full[len] = '/';
			memcpy(full + len + (len > 0), command,
			    strlen(command) + 1);
			fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
			if (fd >= 0)
				return fd;
		}
		path += len;
	}
	return -1;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Returns the loader of this very program, as its own headers in memory name
 * it. */
static const char *
own_loader(void)
{
	const ElfW(Phdr) *segment = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t base = 0;

	if (segment == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (segment[i].p_type == PT_PHDR)
			base = (uintptr_t)segment - segment[i].p_vaddr;
		if (segment[i].p_type == PT_INTERP)
			return (const char *)(base + segment[i].p_vaddr);
	}
	return NULL;
}

static const ElfW(Phdr) * find_segment(const struct program *p, unsigned type)
{
	for (size_t i = 0; i < p->segment_count; i++)
		if (p->segments[i].p_type == type)
			return &p->segments[i];
	return NULL;
}

/* Returns where in the file a virtual address is, or 0 if it is not there. */
static uint64_t
file_offset(const struct program *p, uint64_t address)
{
	for (size_t i = 0; i < p->segment_count; i++) {
		const ElfW(Phdr) *s = &p->segments[i];

		if (s->p_type == PT_LOAD && address >= s->p_vaddr &&
		    address - s->p_vaddr < s->p_filesz)
			return s->p_offset + (address - s->p_vaddr);
	}
	return 0;
}

static bool
needs_asan(const struct program *p)
{
	const ElfW(Phdr) *dynamic = find_segment(p, PT_DYNAMIC);
	ElfW(Dyn) entries[DYNAMIC_MAX];
	char name[NAME_MAX_LOOKED];
	uint64_t names = 0;
	size_t len, count;

	if (dynamic == NULL)
		return false;
	len = dynamic->p_filesz < sizeof(entries) ? dynamic->p_filesz
						  : sizeof(entries);
	count = len / sizeof(entries[0]);
	if (!read_at(p->fd, entries, len, dynamic->p_offset))
		return false;
	for (size_t i = 0; i < count; i++)
		if (entries[i].d_tag == DT_STRTAB)
			names = file_offset(p, entries[i].d_un.d_ptr);
	if (names == 0)
		return false;
	for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
		if (entries[i].d_tag != DT_NEEDED)
			continue;
		read_text(p->fd, name, names + entries[i].d_un.d_val);
		if (strncmp(name, "libasan.so", strlen("libasan.so")) == 0 ||
		    strncmp(name, "libclang_rt.asan",
			strlen("libclang_rt.asan")) == 0)
			return true;
	}
	return false;
}

static bool
has_our_loader(const struct program *p)
{
	const ElfW(Phdr) *interpreter = find_segment(p, PT_INTERP);
	const char *own = own_loader();
	char name[NAME_MAX_LOOKED];

	/* A static program loads nothing, but its children may. */
	if (interpreter == NULL)
		return true;
	read_text(p->fd, name, interpreter->p_offset);
	/* We are static: the shim is for glibc. */
	if (own == NULL)
		return strncmp(last_part(name), GLIBC_LOADER,
			   strlen(GLIBC_LOADER)) == 0;
	return strcmp(last_part(name), last_part(own)) == 0;
}

static bool
is_elf(const unsigned char *ident)
{
	return memcmp(ident, ELFMAG, SELFMAG) == 0;
}

static bool
takes_preload(struct program *p)
{
	static const ElfW(Half) machine =
#if defined(__x86_64__)
	    EM_X86_64;
#elif defined(__aarch64__)
	    EM_AARCH64;
#else
	    EM_NONE;
#endif
	size_t max = sizeof(p->segments) / sizeof(p->segments[0]);

	if (!read_at(p->fd, &p->header, sizeof(p->header), 0) ||
	    !is_elf(p->header.e_ident))
		return true; /* a script */
	if (p->header.e_ident[EI_CLASS] !=
	    (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return false;
	if (machine != EM_NONE && p->header.e_machine != machine)
		return false;
	p->segment_count = p->header.e_phnum < max ? p->header.e_phnum : max;
	if (!read_at(p->fd, p->segments,
		p->segment_count * sizeof(p->segments[0]), p->header.e_phoff))
		return true;
	return has_our_loader(p) && !needs_asan(p);
}

bool
preloadable_command(const char *command)
{
	struct program p = {.fd = open_command(command)};
	struct stat st;
	bool takes = true;

	if (p.fd < 0)
		return true;
	if (fstat(p.fd, &st) == 0 && S_ISREG(st.st_mode))
		takes = takes_preload(&p);
	close(p.fd);
	return takes;
}
