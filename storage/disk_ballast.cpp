// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/disk_ballast.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace thespis::storage {

namespace {

// A file with holes holds less than its size says.
bool is_whole(const std::filesystem::path& file, std::uint64_t bytes) noexcept {
  constexpr std::uint64_t block_bytes = 512;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return static_cast<std::uint64_t>(status.st_size) == bytes &&
         static_cast<std::uint64_t>(status.st_blocks) * block_bytes >= bytes;
}

}  // namespace

disk_ballast::disk_ballast(std::filesystem::path file, std::uint64_t bytes)
    : file_(std::move(file)), bytes_(bytes) {
  if (bytes_ > 0 && is_whole(file_, bytes_)) held_bytes_ = bytes_;
}

bool disk_ballast::take() noexcept {
  const std::lock_guard lock(mutex_);
  if (held_bytes_ > 0) return true;
  std::error_code failure;
  const auto space = std::filesystem::space(file_.parent_path(), failure);
  if (failure || bytes_ == 0 || space.available < bytes_ + margin_bytes) return false;
  const int descriptor =
      ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return false;
  const bool taken = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes_)) == 0;
  ::close(descriptor);
  if (!taken) std::filesystem::resize_file(file_, 0, failure);
  if (taken) held_bytes_ = bytes_;
  return taken;
}

bool disk_ballast::release() noexcept {
  const std::lock_guard lock(mutex_);
  if (held_bytes_ == 0) return false;
  held_bytes_ = 0;
  return ::truncate(file_.c_str(), 0) == 0;
}

}  // namespace thespis::storage
