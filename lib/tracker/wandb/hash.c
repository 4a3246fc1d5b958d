#include "tracker/wandb/hash.h"

#include <errno.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
/* About 10 ms of work. */
#define STEP_BYTES (8 * 1024 * 1024)

void
wandb_hash_begin(struct wandb_hash *h, int fd)
{
	h->fd = fd;
	h->size = 0;
	MD5Init(&h->md5);
}

int
wandb_hash_step(struct wandb_hash *h, struct err *err)
{
	unsigned char chunk[CHUNK_BYTES];
	size_t done = 0;
	ssize_t n;

	while (done < STEP_BYTES) {
		n = pread(h->fd, chunk, sizeof(chunk), h->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read");
		if (n == 0)
			return 0;
		MD5Update(&h->md5, chunk, (size_t)n);
		h->size += n;
		done += (size_t)n;
	}
	return 1;
}

void
wandb_hash_end(struct wandb_hash *h, char base64[WANDB_MD5_BASE64])
{
	unsigned char digest[WANDB_MD5_BYTES];

	MD5Final(digest, &h->md5);
	wandb_md5_base64(digest, base64);
}
