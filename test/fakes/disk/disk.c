/*
 * A disk that fails on command and keeps a log, for files below one folder. Preloaded into a test's child process.
 *
 *   FAKE_DISK          the folder, absolute and without links
 *   FAKE_DISK_CONTROL  a file of one `struct control`, shared with the test, which may change it at any time
 *   FAKE_DISK_LOG      every change in the order in which it was made; may be absent
 *
 * Layouts are read by control.ts and log.ts. Calls go to the kernel directly: nothing else stands between.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 65536

/* An error number of 0 is no error. */
struct control {
  int32_t write_error, sync_error, open_error, truncate_error, read_error, name_error;
  int64_t room;       /* so many bytes are still written before write_error: the last write is a short one */
  int64_t refused;    /* calls that were made to fail */
  int32_t sync_every; /* one of so many syncs fails with sync_error; 0: each */
  char only[76];      /* only paths that contain this text, or end with it where it ends with $; empty: all */
};

struct record {
  uint32_t kind, pid;
  int32_t fd;
  uint32_t path_length, data_length, flags;
  uint64_t at;
};

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, FAILED_SYNC, RENAME, UNLINK, MKDIR, LINK };
enum { CREATED = 1, EMPTIED = 2, FOLDER = 4 };

static const char *folder;
static size_t folder_length;
static struct control *control;
static int log_fd = -1;
static struct { char *path; dev_t device; ino_t inode; } files[FDS];
static int syncs;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *control_file = getenv("FAKE_DISK_CONTROL"), *log_file = getenv("FAKE_DISK_LOG");
  if (!getenv("FAKE_DISK") || !control_file) return;
  int fd = syscall(SYS_openat, AT_FDCWD, control_file, O_RDWR | O_CLOEXEC);
  if (fd < 0) abort();
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (control == MAP_FAILED) abort();
  syscall(SYS_close, fd);
  if (log_file) log_fd = syscall(SYS_openat, AT_FDCWD, log_file, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log_file && log_fd < 0) abort();
  folder = getenv("FAKE_DISK");
  folder_length = strlen(folder);
}

static int is_ours(const char *path) {
  return folder && path && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

/* Node closes some files by a bare system call, and then the number may be a socket's: it is ours if it still is that file. */
static const char *watched(int fd) {
  struct stat now;
  if (fd < 0 || fd >= FDS || !files[fd].path || fstat(fd, &now) != 0) return NULL;
  return now.st_dev == files[fd].device && now.st_ino == files[fd].inode ? files[fd].path : NULL;
}

static int concerns(const char *path) {
  size_t length = strlen(control->only), path_length = strlen(path);
  if (length == 0 || control->only[length - 1] != '$') return strstr(path, control->only) != NULL;
  length--;
  return path_length >= length && strncmp(path + path_length - length, control->only, length) == 0;
}

static int fails(const char *path, int32_t *error) {
  int32_t code = __atomic_load_n(error, __ATOMIC_SEQ_CST);
  if (!code || !concerns(path)) return 0;
  __atomic_add_fetch(&control->refused, 1, __ATOMIC_SEQ_CST);
  errno = code;
  return 1;
}

static void note(struct record record, const char *path, const void *data) {
  if (log_fd < 0) return;
  int kept = errno;
  record.pid = getpid();
  record.path_length = path ? strlen(path) : 0;
  struct iovec parts[3] = {
      {&record, sizeof record}, {(void *)path, record.path_length}, {(void *)data, record.data_length}};
  size_t length = sizeof record + record.path_length + record.data_length;
  if (syscall(SYS_writev, log_fd, parts, 3) != (long)length) abort();
  errno = kept;
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
  int changes = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
  if (!is_ours(path)) return syscall(SYS_openat, at, path, flags, mode);
  if (changes && fails(path, &control->open_error)) return -1;
  pthread_mutex_lock(&order);
  struct stat found;
  int was = fstatat(at, path, &found, 0) == 0;
  int fd = syscall(SYS_openat, at, path, flags, mode);
  if (fd >= 0 && fd < FDS && (flags & O_PATH) == 0) {
    struct stat opened;
    fstat(fd, &opened);
    free(files[fd].path);
    files[fd].path = strdup(path), files[fd].device = opened.st_dev, files[fd].inode = opened.st_ino;
    uint32_t kind = (was ? 0 : CREATED) | (was && (flags & O_TRUNC) ? EMPTIED : 0) |
                    (was && S_ISDIR(found.st_mode) ? FOLDER : 0);
    note((struct record){.kind = OPEN, .fd = fd, .flags = kind}, path, NULL);
  }
  pthread_mutex_unlock(&order);
  return fd;
}

#define MODE(flags)                                                                                            \
  mode_t mode = 0;                                                                                             \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                       \
    va_list more;                                                                                              \
    va_start(more, flags);                                                                                     \
    mode = va_arg(more, mode_t);                                                                               \
    va_end(more);                                                                                              \
  }
int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }

int close(int fd) {
  if (watched(fd)) {
    pthread_mutex_lock(&order);
    free(files[fd].path);
    files[fd].path = NULL;
    pthread_mutex_unlock(&order);
  }
  return syscall(SYS_close, fd);
}

/* `at` below 0: at the file's own position. */
static ssize_t write_at(int fd, const void *data, size_t length, off_t at) {
  const char *path = watched(fd);
  if (!path) return at < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, at);
  pthread_mutex_lock(&order);
  ssize_t done = -1;
  if (control->write_error && concerns(path)) {
    if (control->room <= 0 && fails(path, &control->write_error)) goto end;
    if (control->room < (int64_t)length) length = control->room;
    control->room -= length;
  }
  done = at < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, at);
  if (done > 0) {
    uint64_t place = at < 0 ? (uint64_t)(syscall(SYS_lseek, fd, 0, SEEK_CUR) - done) : (uint64_t)at;
    note((struct record){.kind = WRITE, .fd = fd, .data_length = done, .at = place}, NULL, data);
  }
end:
  pthread_mutex_unlock(&order);
  return done;
}

ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return write_at(fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return write_at(fd, data, length, at); }

static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t at) {
  ssize_t total = 0;
  if (!watched(fd))
    return at < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, at, 0);
  for (int i = 0; i < count; i++) {
    ssize_t done = write_at(fd, parts[i].iov_base, parts[i].iov_len, at < 0 ? at : at + total);
    if (done < 0) return total > 0 ? total : -1;
    total += done;
    if (done < (ssize_t)parts[i].iov_len) break;
  }
  return total;
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_parts(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_parts(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return write_parts(fd, parts, count, at); }

static int refuses_read(int fd) { return watched(fd) && fails(watched(fd), &control->read_error); }
ssize_t read(int fd, void *data, size_t length) {
  return refuses_read(fd) ? -1 : syscall(SYS_read, fd, data, length);
}
ssize_t pread(int fd, void *data, size_t length, off_t at) {
  return refuses_read(fd) ? -1 : syscall(SYS_pread64, fd, data, length, at);
}
ssize_t pread64(int fd, void *data, size_t length, off_t at) { return pread(fd, data, length, at); }

int ftruncate(int fd, off_t length) {
  const char *path = watched(fd);
  if (!path) return syscall(SYS_ftruncate, fd, length);
  if (fails(path, &control->truncate_error)) return -1;
  pthread_mutex_lock(&order);
  int done = syscall(SYS_ftruncate, fd, length);
  if (done == 0) note((struct record){.kind = TRUNCATE, .fd = fd, .at = length}, NULL, NULL);
  pthread_mutex_unlock(&order);
  return done;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

/* Noted when it has ended: only then may anybody rely on it. A sync that fails leaves open what the disk has. */
static int sync_file(int fd, long call) {
  const char *path = watched(fd);
  if (!path) return syscall(call, fd);
  pthread_mutex_lock(&order);
  int done = -1, spared = control->sync_every > 0 && ++syncs % control->sync_every != 0;
  if (spared || !fails(path, &control->sync_error)) done = syscall(call, fd);
  note((struct record){.kind = done == 0 ? SYNC : FAILED_SYNC, .fd = fd}, NULL, NULL);
  pthread_mutex_unlock(&order);
  return done;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

/* `other`: the second name, or nothing. */
#define NAMING(kind, path, other, call)                                                                        \
  if (!is_ours(path)) return call;                                                                             \
  if (fails(path, &control->name_error)) return -1;                                                            \
  pthread_mutex_lock(&order);                                                                                  \
  int done = call;                                                                                             \
  if (done == 0)                                                                                               \
    note((struct record){kind, .data_length = strlen(other)}, path, other);                      \
  pthread_mutex_unlock(&order);                                                                                \
  return done;

int rename(const char *from, const char *to) {
  NAMING(RENAME, from, to, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0))
}
int unlink(const char *path) { NAMING(UNLINK, path, "", syscall(SYS_unlinkat, AT_FDCWD, path, 0)) }
int mkdir(const char *path, mode_t mode) {
  NAMING(MKDIR, path, "", syscall(SYS_mkdirat, AT_FDCWD, path, mode))
}
int link(const char *from, const char *to) {
  NAMING(LINK, from, to, syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0))
}
