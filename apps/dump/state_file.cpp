// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/dump/state_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace thespis::dump {

namespace {

constexpr std::uintmax_t state_bytes_max = 16u << 20;

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

error system_failure(const std::filesystem::path& file) {
  return error(errc::io, file.string() + ": " + std::strerror(errno));
}

result<void> sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return system_failure(folder);
  const bool synced = ::fsync(handle) == 0 || errno == EINVAL;  // some file systems cannot
  const auto failure = system_failure(folder);
  ::close(handle);
  if (!synced) return failure;
  return ok();
}

result<void> write_state(const std::filesystem::path& file, std::string_view text) {
  auto fresh = file;
  fresh += ".new";
  const int handle = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (handle < 0) return system_failure(fresh);
  const bool written = write_all(handle, text) && ::fsync(handle) == 0;
  const auto failure = system_failure(fresh);
  ::close(handle);
  if (!written) return failure;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return system_failure(file);
  return sync_folder_of(file);
}

result<std::optional<std::string>> read_state(const std::filesystem::path& file) {
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(file, failure);
  if (failure == std::errc::no_such_file_or_directory) return std::optional<std::string>();
  if (failure) return error(errc::io, file.string() + ": " + failure.message());
  if (bytes > state_bytes_max)
    return error(errc::corruption,
                 file.string() + ": " + std::to_string(bytes) + " bytes; no such state has them");
  std::string out(bytes, '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in.read(out.data(), static_cast<std::streamsize>(bytes)))
    return error(errc::io, file.string() + ": cannot be read");
  return std::optional<std::string>(std::move(out));
}

}  // namespace thespis::dump
