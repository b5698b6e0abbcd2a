// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// A library to preload: makes the N-th call of one kind fail on files below one folder.
// The environment tells which:
//   THESPIS_FAULT_FOLDER  only what lies below it; an absolute path without links
//   THESPIS_FAULT_CALL    write, pwrite, fsync, fdatasync, rename, ftruncate, fallocate or create
//   THESPIS_FAULT_ERROR   EIO, ENOSPC or short: half of the bytes are written, then ENOSPC
//   THESPIS_FAULT_AT      N, from 1
//   THESPIS_FAULT_LASTS   1: every later call of the kind fails as well
//   THESPIS_FAULT_REPORT  a file outside the folder that gets a line when the fault happens
// A failed fsync or fdatasync also loses what was to be written, as on Linux: the kernel marks the
// pages clean. That part is left to the power cut campaign; here the call only fails.

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
  const char* folder;
  const char* call;
  const char* report;
  size_t folder_length;
  unsigned long at;
  int error;
  bool is_short;
  bool lasts;
} plan;
static atomic_ulong calls;
static atomic_bool short_pending;

static void* next_of(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

__attribute__((constructor)) static void read_plan(void) {
  plan.folder = getenv("THESPIS_FAULT_FOLDER");
  plan.call = getenv("THESPIS_FAULT_CALL");
  plan.report = getenv("THESPIS_FAULT_REPORT");
  const char* const error = getenv("THESPIS_FAULT_ERROR");
  const char* const at = getenv("THESPIS_FAULT_AT");
  if (plan.folder == NULL || plan.call == NULL || plan.report == NULL || error == NULL ||
      at == NULL) {
    plan.call = NULL;
    return;
  }
  plan.folder_length = strlen(plan.folder);
  plan.at = strtoul(at, NULL, 10);
  plan.is_short = strcmp(error, "short") == 0;
  plan.error = strcmp(error, "EIO") == 0 ? EIO : ENOSPC;
  plan.lasts = getenv("THESPIS_FAULT_LASTS") != NULL;
}

static bool lies_below(const char* path) {
  return strncmp(path, plan.folder, plan.folder_length) == 0 && path[plan.folder_length] == '/';
}

static void tell(const char* path) {
  int (*const open_next)(const char*, int, ...) = next_of("open");
  ssize_t (*const write_next)(int, const void*, size_t) = next_of("write");
  const int out = open_next(plan.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return;
  char line[PATH_MAX + 64];
  const int length = snprintf(line, sizeof line, "%s %s\n", plan.call, path);
  if (length > 0 && write_next(out, line, (size_t)length) < 0) perror("THESPIS_FAULT_REPORT");
  close(out);
}

static bool due(const char* call, const char* path) {
  if (plan.call == NULL || strcmp(call, plan.call) != 0 || !lies_below(path)) return false;
  const unsigned long number = atomic_fetch_add(&calls, 1) + 1;
  if (number != plan.at && !(plan.lasts && number > plan.at)) return false;
  if (number == plan.at) tell(path);
  return true;
}

static bool due_on(const char* call, int file) {
  if (plan.call == NULL || strcmp(call, plan.call) != 0) return false;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  return due(call, path);
}

// Half of the bytes are still written; whoever goes on with the rest learns the error.
static size_t short_of(size_t bytes) {
  atomic_store(&short_pending, true);
  return bytes / 2;
}

static bool rest_fails(const char* call) {
  return plan.is_short && plan.call != NULL && strcmp(call, plan.call) == 0 &&
         atomic_exchange(&short_pending, false);
}

ssize_t write(int file, const void* data, size_t bytes) {
  ssize_t (*const next)(int, const void*, size_t) = next_of("write");
  if (rest_fails("write")) return errno = plan.error, -1;
  if (!due_on("write", file)) return next(file, data, bytes);
  if (plan.is_short && bytes > 1) return next(file, data, short_of(bytes));
  return errno = plan.error, -1;
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  ssize_t (*const next)(int, const struct iovec*, int) = next_of("writev");
  if (!due_on("write", file)) return next(file, parts, count);
  return errno = plan.error, -1;
}

static ssize_t pwrite_or_fail(const char* name, int file, const void* data, size_t bytes,
                              off_t at) {
  ssize_t (*const next)(int, const void*, size_t, off_t) = next_of(name);
  if (rest_fails("pwrite")) return errno = plan.error, -1;
  if (!due_on("pwrite", file)) return next(file, data, bytes, at);
  if (plan.is_short && bytes > 1) return next(file, data, short_of(bytes), at);
  return errno = plan.error, -1;
}

ssize_t pwrite(int file, const void* data, size_t bytes, off_t at) {
  return pwrite_or_fail("pwrite", file, data, bytes, at);
}

ssize_t pwrite64(int file, const void* data, size_t bytes, off64_t at) {
  return pwrite_or_fail("pwrite64", file, data, bytes, at);
}

int fsync(int file) {
  int (*const next)(int) = next_of("fsync");
  if (due_on("fsync", file)) return errno = plan.error, -1;
  return next(file);
}

int fdatasync(int file) {
  int (*const next)(int) = next_of("fdatasync");
  if (due_on("fdatasync", file)) return errno = plan.error, -1;
  return next(file);
}

int rename(const char* from, const char* to) {
  int (*const next)(const char*, const char*) = next_of("rename");
  if (due("rename", to)) return errno = plan.error, -1;
  return next(from, to);
}

int ftruncate(int file, off_t bytes) {
  int (*const next)(int, off_t) = next_of("ftruncate");
  if (due_on("ftruncate", file)) return errno = plan.error, -1;
  return next(file, bytes);
}

int ftruncate64(int file, off64_t bytes) {
  int (*const next)(int, off64_t) = next_of("ftruncate64");
  if (due_on("ftruncate", file)) return errno = plan.error, -1;
  return next(file, bytes);
}

int fallocate(int file, int mode, off_t at, off_t bytes) {
  int (*const next)(int, int, off_t, off_t) = next_of("fallocate");
  if (due_on("fallocate", file)) return errno = plan.error, -1;
  return next(file, mode, at, bytes);
}

int fallocate64(int file, int mode, off64_t at, off64_t bytes) {
  int (*const next)(int, int, off64_t, off64_t) = next_of("fallocate64");
  if (due_on("fallocate", file)) return errno = plan.error, -1;
  return next(file, mode, at, bytes);
}

int posix_fallocate(int file, off_t at, off_t bytes) {
  int (*const next)(int, off_t, off_t) = next_of("posix_fallocate");
  if (due_on("fallocate", file)) return plan.error;
  return next(file, at, bytes);
}

static int open_or_fail(const char* name, const char* path, int flags, mode_t mode) {
  int (*const next)(const char*, int, ...) = next_of(name);
  const bool creates = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
  if (creates && due("create", path)) return errno = plan.error, -1;
  return next(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  return open_or_fail("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  return open_or_fail("open64", path, flags, mode);
}
