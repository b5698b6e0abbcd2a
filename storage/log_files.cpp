// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace thespis::storage {

namespace {

constexpr std::string_view log_prefix = "WiredTigerLog.";
// Source: WiredTiger 3.2.1, src/include/log.h: head and first record take 128 bytes each.
constexpr std::uintmax_t head_bytes = 128;
constexpr std::uintmax_t first_record_end = 256;

error refused(const std::filesystem::path& path, const char* call, int code) {
  return {errc::io,
          "log file " + path.string() + ": " + call + ": " + std::generic_category().message(code)};
}

result<void> extend(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return refused(path, "open", errno);
  const bool done = ::ftruncate(file, first_record_end) == 0 && ::fsync(file) == 0;
  const int code = done ? 0 : errno;
  ::close(file);
  if (code != 0) return refused(path, "extend", code);
  return ok();
}

}  // namespace

result<bool> mend_log_files(const std::filesystem::path& database) {
  std::error_code failure;
  std::vector<std::filesystem::path> short_files;
  for (const auto& entry : std::filesystem::directory_iterator(database, failure)) {
    if (!entry.path().filename().string().starts_with(log_prefix)) continue;
    const auto bytes = std::filesystem::file_size(entry.path(), failure);
    if (failure) break;
    if (bytes >= head_bytes && bytes < first_record_end) short_files.push_back(entry.path());
  }
  if (failure) return error(errc::io, "read " + database.string() + ": " + failure.message());
  for (const auto& file : short_files) THESPIS_CHECK(extend(file));
  return !short_files.empty();
}

}  // namespace thespis::storage
