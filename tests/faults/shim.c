/*
 * Faults of the disk, of the clock and of the power, for a process that was started with this library in LD_PRELOAD.
 *
 * It stands between the process and libc. What it does is said by a page of memory that the test shares with it (the
 * file FAULTS_CONTROL), so a fault comes and goes while the process runs. Files are concerned if they lie in
 * FAULTS_DATA_DIR. With FAULTS_IMAGE_DIR, that directory always has what a power cut would leave of them: of each file
 * what it was when it was last synced, and the names that the directory had when that was.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The same as Control in support/faults.py. */
struct control {
    int64_t clock_offset_ns; /* The system clock is wrong by so much. */
    int64_t write_errno;     /* Every write to a file fails so. */
    int64_t open_errno;      /* The database cannot be opened for writing: so it fails. */
    int64_t sync_errno;      /* Every sync fails so, and nobody knows what it has written. */
    int64_t sync_hangs;      /* Every sync hangs until this is 0. */
    int64_t loop_hangs;      /* The thread that sends the next reply, the event loop's, hangs until this is 0. */
    int64_t kill_moment;     /* The process is killed at such a moment, ... */
    int64_t kill_skip;       /* ... after so many of them. */
    int64_t hanging;         /* How many threads hang: the shim counts, the test reads. */
};

enum moment { NEVER, BEFORE_WRITE, BEFORE_SYNC, AFTER_SYNC, BEFORE_REPLY };

static struct control none;
static struct control *control = &none;
static char data_dir[PATH_MAX];
static const char *image_dir;
static pthread_mutex_t image_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t synced_since_armed;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL"), *directory = getenv("FAULTS_DATA_DIR");
    int descriptor = path == NULL ? -1 : REAL(open)(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0 || directory == NULL || realpath(directory, data_dir) == NULL) {
        fprintf(stderr, "shim: FAULTS_CONTROL or FAULTS_DATA_DIR cannot be used\n");
        abort();
    }
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (control == MAP_FAILED) abort();
    close(descriptor);
    control->hanging = 0;
    image_dir = getenv("FAULTS_IMAGE_DIR");
}

static void die_at(enum moment moment) {
    if (control->kill_moment == moment && __atomic_fetch_sub(&control->kill_skip, 1, __ATOMIC_SEQ_CST) == 0) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

static void hang_while(const volatile int64_t *fault) {
    __atomic_fetch_add(&control->hanging, 1, __ATOMIC_SEQ_CST);
    while (*fault) usleep(1000);
    __atomic_fetch_sub(&control->hanging, 1, __ATOMIC_SEQ_CST);
}

/* Whether a path is the data directory, or a file in it. */
static int is_ours(const char *path) {
    size_t length = strlen(data_dir);
    return strncmp(path, data_dir, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = '\0';
    return is_ours(path);
}

static int file_is_ours(int descriptor) {
    char path[PATH_MAX];
    return path_of(descriptor, path);
}

/* The image: a file for each inode, and one for the names. Each is replaced in one step, since the process may be
 * killed at any moment. */

static void publish(FILE *stream, const char *aside, const char *name) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", image_dir, name);
    if (fclose(stream) != 0 || rename(aside, path) != 0) abort();
}

static FILE *begin_image(char *aside) {
    snprintf(aside, PATH_MAX, "%s/aside", image_dir);
    FILE *stream = fopen(aside, "wb");
    if (stream == NULL) abort();
    return stream;
}

static void keep_names(const char *path) {
    char aside[PATH_MAX];
    FILE *stream = begin_image(aside);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (entry->d_type == DT_REG) fprintf(stream, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
    closedir(directory);
    publish(stream, aside, "names");
}

static void keep_content(int descriptor, ino_t inode) {
    char aside[PATH_MAX], name[32], part[65536], path[64];
    FILE *stream = begin_image(aside);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    /* By the descriptor itself, if it is not for writing only: to close another one of the same file would drop the
     * locks that SQLite has on it. */
    int is_readable = (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY;
    int content = is_readable ? descriptor : REAL(open)(path, O_RDONLY | O_CLOEXEC);
    off_t position = 0;
    for (ssize_t length; (length = pread(content, part, sizeof part, position)) > 0; position += length)
        fwrite(part, 1, (size_t)length, stream);
    if (!is_readable) close(content);
    snprintf(name, sizeof name, "%llu", (unsigned long long)inode);
    publish(stream, aside, name);
}

static int sync_with(int (*sync)(int), int descriptor) {
    char path[PATH_MAX];
    struct stat status;
    if (!path_of(descriptor, path) || fstat(descriptor, &status) != 0) return sync(descriptor);
    int is_file = S_ISREG(status.st_mode);
    if (is_file) die_at(BEFORE_SYNC);
    if (control->sync_hangs) hang_while(&control->sync_hangs);
    if (control->sync_errno) {
        errno = (int)control->sync_errno;
        return -1;
    }
    int outcome = sync(descriptor);
    if (outcome == 0 && image_dir != NULL) {
        pthread_mutex_lock(&image_lock);
        if (is_file)
            keep_content(descriptor, status.st_ino);
        else
            keep_names(path);
        pthread_mutex_unlock(&image_lock);
    }
    if (is_file) {
        if (control->kill_moment == BEFORE_REPLY) synced_since_armed = 1;
        die_at(AFTER_SYNC);
    }
    return outcome;
}

int fsync(int descriptor) { return sync_with(REAL(fsync), descriptor); }

int fdatasync(int descriptor) { return sync_with(REAL(fdatasync), descriptor); }

/* Whether a write to a file may happen; errno says why not. */
static int may_write(int descriptor) {
    if (!file_is_ours(descriptor)) return 1;
    die_at(BEFORE_WRITE);
    if (control->write_errno) errno = (int)control->write_errno;
    return control->write_errno == 0;
}

/* The first bytes that go to a client after a sync are the reply that the sync was for. */
static void before_sending(int descriptor) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (!control->loop_hangs && !synced_since_armed) return;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0 || address.ss_family != AF_INET) return;
    if (synced_since_armed) die_at(BEFORE_REPLY);
    if (control->loop_hangs) hang_while(&control->loop_hangs);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    return may_write(descriptor) ? REAL(pwrite64)(descriptor, bytes, length, offset) : -1;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    before_sending(descriptor);
    return may_write(descriptor) ? REAL(write)(descriptor, bytes, length) : -1;
}

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
    before_sending(descriptor);
    return REAL(writev)(descriptor, parts, number);
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags) {
    before_sending(descriptor);
    return REAL(send)(descriptor, bytes, length, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    before_sending(descriptor);
    return REAL(sendmsg)(descriptor, message, flags);
}

static int may_open(const char *path, int flags) {
    const char *name = strrchr(path, '/');
    if (!control->open_errno || (flags & O_ACCMODE) == O_RDONLY) return 1;
    if (name == NULL || strncmp(name, "/tickets.db", strlen("/tickets.db")) != 0) return 1;
    errno = (int)control->open_errno;
    return 0;
}

#define OPENING(name)                                                       \
    int name(const char *path, int flags, ...) {                           \
        va_list rest;                                                       \
        va_start(rest, flags);                                              \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;           \
        va_end(rest);                                                       \
        return may_open(path, flags) ? REAL(name)(path, flags, mode) : -1;  \
    }

OPENING(open)
OPENING(open64)

int clock_gettime(clockid_t clock, struct timespec *time) {
    int outcome = REAL(clock_gettime)(clock, time);
    if (outcome == 0 && clock == CLOCK_REALTIME) {
        int64_t moved = time->tv_sec * 1000000000LL + time->tv_nsec + control->clock_offset_ns;
        time->tv_sec = moved / 1000000000LL;
        time->tv_nsec = moved % 1000000000LL;
    }
    return outcome;
}
