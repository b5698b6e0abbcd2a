// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/patient_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "storage/wt.hpp"

namespace thespis::storage {

struct patient_files::table {
  WT_FILE_SYSTEM calls{};  // first: WiredTiger hands back a pointer to it
  patient_files* owner = nullptr;
};

namespace {

// Read by the entry point that WiredTiger calls on the thread that opens it.
thread_local WT_FILE_SYSTEM* installing = nullptr;

/// An open file or folder.
struct open_file {
  WT_FILE_HANDLE calls{};  // first: WiredTiger hands back a pointer to it
  patient_files* owner = nullptr;
  int descriptor = -1;
};

#ifdef __SANITIZE_THREAD__
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);

// Memory of WiredTiger is guarded by locks and atomics that ThreadSanitizer does not see: what is
// read from it or written to it while this lives does not count.
class guarded_elsewhere {
 public:
  guarded_elsewhere() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~guarded_elsewhere() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
  guarded_elsewhere(const guarded_elsewhere&) = delete;
  guarded_elsewhere& operator=(const guarded_elsewhere&) = delete;
};
#else
struct guarded_elsewhere {
  guarded_elsewhere() {}  // NOLINT(modernize-use-equals-default): so that a name is no unused one
};
#endif

struct file_system {
  WT_FILE_SYSTEM calls;
  patient_files* owner;
};

open_file& self(WT_FILE_HANDLE* handle) noexcept { return *reinterpret_cast<open_file*>(handle); }
patient_files& owner_of(WT_FILE_SYSTEM* files) noexcept {
  return *reinterpret_cast<file_system*>(files)->owner;
}

bool is_full(int number) noexcept { return number == ENOSPC || number == EDQUOT; }

template <class Attempt>
int patiently(patient_files& owner, const char* file, const Attempt& attempt) {
  int failed = attempt();
  if (is_full(failed)) failed = owner.persist(file, failed, std::cref(attempt));
  return failed == 0 ? 0 : owner.pass_on(file, failed);
}

bool is_log_file(std::string_view path) noexcept {
  const auto name = path.substr(path.rfind('/') + 1);
  return name.starts_with("WiredTigerLog.") || name.starts_with("WiredTigerTmplog.") ||
         name.starts_with("WiredTigerPreplog.");
}

int outcome(int returned) noexcept { return returned == 0 ? 0 : errno; }

// What the system could not write it may forget, so that a second sync would lie.
[[noreturn]] void die_of_sync(const char* name, int number) {
  wt::die(std::string(name) + ": fdatasync: " + std::strerror(number));
}

int sync_folder_of(const char* name) {
  const std::string path(name);
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  if (::fsync(descriptor) != 0) die_of_sync(folder.c_str(), errno);
  ::close(descriptor);
  return 0;
}

int close_file(WT_FILE_HANDLE* handle, WT_SESSION*) {
  auto* file = &self(handle);
  const int closed = outcome(::close(file->descriptor));
  std::free(handle->name);
  delete file;
  return closed;
}

// Source: WiredTiger's own files lock their first byte.
int lock_file(WT_FILE_HANDLE* handle, WT_SESSION*, bool lock) {
  struct flock range {};
  range.l_type = static_cast<short>(lock ? F_WRLCK : F_UNLCK);
  range.l_whence = SEEK_SET;
  range.l_len = 1;
  return outcome(::fcntl(self(handle).descriptor, F_SETLK, &range));
}

int read_file(WT_FILE_HANDLE* handle, WT_SESSION*, wt_off_t offset, size_t bytes, void* out) {
  const guarded_elsewhere memory_of_wiredtiger;
  auto* at = static_cast<char*>(out);
  while (bytes > 0) {
    const auto got = ::pread(self(handle).descriptor, at, bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return WT_ERROR;  // the file ends before what it should hold
    at += got;
    offset += got;
    bytes -= static_cast<size_t>(got);
  }
  return 0;
}

int write_file(WT_FILE_HANDLE* handle, WT_SESSION*, wt_off_t offset, size_t bytes,
               const void* data) {
  const guarded_elsewhere memory_of_wiredtiger;
  auto& file = self(handle);
  const auto* at = static_cast<const char*>(data);
  return patiently(*file.owner, handle->name, [&] {
    while (bytes > 0) {
      const auto written = ::pwrite(file.descriptor, at, bytes, offset);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      if (written == 0) return ENOSPC;
      at += written;
      offset += written;
      bytes -= static_cast<size_t>(written);
    }
    return 0;
  });
}

int size_of_file(WT_FILE_HANDLE* handle, WT_SESSION*, wt_off_t* bytes) {
  struct stat status {};
  if (::fstat(self(handle).descriptor, &status) != 0) return errno;
  *bytes = status.st_size;
  return 0;
}

int sync_file(WT_FILE_HANDLE* handle, WT_SESSION*) {
  int number = 0;
  do {
    number = outcome(::fdatasync(self(handle).descriptor));
  } while (number == EINTR);
  if (number != 0) die_of_sync(handle->name, number);
  return 0;
}

int truncate_file(WT_FILE_HANDLE* handle, WT_SESSION*, wt_off_t bytes) {
  auto& file = self(handle);
  return patiently(*file.owner, handle->name,
                   [&] { return outcome(::ftruncate(file.descriptor, bytes)); });
}

int open_flags(WT_FS_OPEN_FILE_TYPE type, std::uint32_t flags) noexcept {
  if (type == WT_FS_OPEN_FILE_TYPE_DIRECTORY) return O_RDONLY | O_CLOEXEC | O_DIRECTORY;
  int wanted = O_CLOEXEC | ((flags & WT_FS_OPEN_READONLY) != 0 ? O_RDONLY : O_RDWR);
  if ((flags & WT_FS_OPEN_CREATE) != 0) {
    wanted |= O_CREAT;
    if ((flags & WT_FS_OPEN_EXCLUSIVE) != 0) wanted |= O_EXCL;
  }
  return wanted;
}

int open_named(WT_FILE_SYSTEM* files, WT_SESSION*, const char* name, WT_FS_OPEN_FILE_TYPE type,
               std::uint32_t flags, WT_FILE_HANDLE** out) {
  constexpr mode_t mode = S_IRUSR | S_IWUSR;
  auto& owner = owner_of(files);
  int descriptor = -1;
  const int failed = patiently(owner, name, [&] {
    descriptor = ::open(name, open_flags(type, flags), mode);
    return descriptor < 0 ? errno : 0;
  });
  if (failed != 0) return failed;
  if ((flags & WT_FS_OPEN_CREATE) != 0 && (flags & WT_FS_OPEN_DURABLE) != 0)
    if (const int unsynced = sync_folder_of(name); unsynced != 0) {
      ::close(descriptor);
      return unsynced;
    }
  auto* made = new open_file;
  made->owner = &owner;
  made->descriptor = descriptor;
  auto& calls = made->calls;
  calls.file_system = files;
  calls.name = ::strdup(name);
  calls.close = close_file;
  calls.fh_lock = lock_file;
  calls.fh_read = read_file;
  calls.fh_size = size_of_file;
  calls.fh_sync = sync_file;
  calls.fh_truncate = truncate_file;
  calls.fh_write = write_file;
  *out = &calls;
  return 0;
}

int free_list(WT_FILE_SYSTEM*, WT_SESSION*, char** names, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) std::free(names[i]);
  std::free(names);
  return 0;
}

int list_some(const char* folder, const char* prefix, std::size_t most, char*** names,
              std::uint32_t* count) {
  auto* listing = ::opendir(folder);
  if (listing == nullptr) return errno;
  std::vector<char*> found;
  const std::string_view wanted = prefix == nullptr ? "" : prefix;
  errno = 0;
  for (auto* entry = ::readdir(listing); entry != nullptr && found.size() < most;
       entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name.starts_with(wanted))
      found.push_back(::strdup(entry->d_name));
  }
  const int failed = errno;
  ::closedir(listing);
  *count = static_cast<std::uint32_t>(found.size());
  *names = nullptr;
  // WiredTiger does not give back a list without names.
  if (!found.empty()) {
    *names = static_cast<char**>(std::calloc(found.size(), sizeof(char*)));
    std::copy(found.begin(), found.end(), *names);
  }
  if (failed == 0) return 0;
  free_list(nullptr, nullptr, *names, *count);
  return failed;
}

int list_all(WT_FILE_SYSTEM*, WT_SESSION*, const char* folder, const char* prefix, char*** names,
             std::uint32_t* count) {
  return list_some(folder, prefix, SIZE_MAX, names, count);
}

int list_one(WT_FILE_SYSTEM*, WT_SESSION*, const char* folder, const char* prefix, char*** names,
             std::uint32_t* count) {
  return list_some(folder, prefix, 1, names, count);
}

int exists(WT_FILE_SYSTEM*, WT_SESSION*, const char* name, bool* there) {
  struct stat status {};
  *there = ::stat(name, &status) == 0;
  return *there || errno == ENOENT ? 0 : errno;
}

int remove_file(WT_FILE_SYSTEM*, WT_SESSION*, const char* name, std::uint32_t flags) {
  if (::unlink(name) != 0) return errno;
  return (flags & WT_FS_DURABLE) != 0 ? sync_folder_of(name) : 0;
}

int rename_file(WT_FILE_SYSTEM* files, WT_SESSION*, const char* from, const char* to,
                std::uint32_t flags) {
  const int failed = patiently(owner_of(files), to, [&] { return outcome(::rename(from, to)); });
  if (failed != 0) return failed;
  return (flags & WT_FS_DURABLE) != 0 ? sync_folder_of(to) : 0;
}

int size_of(WT_FILE_SYSTEM*, WT_SESSION*, const char* name, wt_off_t* bytes) {
  struct stat status {};
  if (::stat(name, &status) != 0) return errno;
  *bytes = status.st_size;
  return 0;
}

}  // namespace

patient_files::patient_files(relief make_room)
    : make_room_(std::move(make_room)), table_(std::make_unique<table>()) {
  table_->owner = this;
  auto& calls = table_->calls;
  calls.fs_directory_list = list_all;
  calls.fs_directory_list_single = list_one;
  calls.fs_directory_list_free = free_list;
  calls.fs_exist = exists;
  calls.fs_open_file = open_named;
  calls.fs_remove = remove_file;
  calls.fs_rename = rename_file;
  calls.fs_size = size_of;
}

patient_files::~patient_files() = default;

std::string patient_files::install() noexcept {
  installing = &table_->calls;
  return ",extensions=[local={entry=thespis_install_files,early_load=true}]";
}

int patient_files::persist(const char* file, int failed,
                           const std::function<int()>& attempt) noexcept {
  std::fprintf(stderr, "thespis: storage: %s: %s; the write %s\n", file, std::strerror(failed),
               patient_ ? "waits for space" : "is refused: free some space and start again");
  ++waiting_;
  while (is_full(failed)) {
    const bool more = make_room_ && make_room_();
    if (!more) {
      if (!patient_) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(retry_ms));
    }
    failed = attempt();
  }
  --waiting_;
  if (failed == 0) std::fprintf(stderr, "thespis: storage: %s: written after all\n", file);
  return failed;
}

int patient_files::pass_on(const char* file, int failed) const noexcept {
  const bool is_final = failed == EIO || (is_full(failed) && served_);
  if (is_final && is_log_file(file)) wt::die(std::string(file) + ": " + std::strerror(failed));
  return failed;
}

}  // namespace thespis::storage

/// Entry point of the files: WiredTiger finds it by its name and calls it before it opens any.
extern "C" __attribute__((visibility("default"))) int thespis_install_files(
    WT_CONNECTION* connection, WT_CONFIG_ARG*) {
  auto* const files = thespis::storage::installing;
  if (files == nullptr) return EINVAL;
  return connection->set_file_system(connection, files, nullptr);
}
