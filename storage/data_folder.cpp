// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/fail_point.hpp"

namespace thespis::storage {

namespace {

constexpr std::string_view format_prefix = "thespis data folder, format ";
constexpr std::size_t format_file_bytes_max = 64;

error refused(const std::filesystem::path& path, std::string_view doing, int code) {
  return error(errc::io, "data folder " + path.string() + ": " + std::string(doing) + ": " +
                             std::generic_category().message(code));
}

result<void> sync_folder(const std::filesystem::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return refused(path, "cannot be opened", errno);
  const int code = ::fsync(folder) == 0 ? 0 : errno;
  ::close(folder);
  if (code != 0) return refused(path, "cannot be synced", code);
  return ok();
}

// A new folder is named durably in the one above it, or a power cut could take all that is in it.
result<void> make_folder(const std::filesystem::path& path) {
  std::error_code failure;
  const bool made = std::filesystem::create_directory(path, failure);
  if (failure && !std::filesystem::is_directory(path))
    return refused(path, "cannot be created", failure.value());
  if (!made) return ok();
  const auto named = path.has_filename() ? path : path.parent_path();
  const auto above = named.parent_path();
  return sync_folder(above.empty() ? "." : above);
}

result<void> write_synced(const std::filesystem::path& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (out < 0) return refused(file, "cannot be created", errno);
  const auto written = ::write(out, text.data(), text.size());
  int code = written < 0 ? errno : 0;
  if (code == 0 && written != static_cast<ssize_t>(text.size())) code = ENOSPC;
  if (code == 0 && ::fsync(out) != 0) code = errno;
  ::close(out);
  if (code != 0) return refused(file, "cannot be written", code);
  return ok();
}

}  // namespace

result<data_folder> data_folder::open(const std::filesystem::path& path) {
  THESPIS_CHECK(make_folder(path));
  const auto file = path / "lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return refused(path, "cannot be written", errno);
  data_folder folder(path, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refused(path, "cannot be locked", errno);
    return error(errc::io, "data folder " + path.string() + ": is in use by another process");
  }
  THESPIS_CHECK(folder.check_format());
  THESPIS_CHECK(make_folder(folder.database()));
  THESPIS_CHECK(make_folder(folder.derived()));
  return folder;
}

data_folder::~data_folder() {
  if (lock_ >= 0) ::close(lock_);
}

data_folder::data_folder(data_folder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

result<void> data_folder::check_format() const {
  const auto file = path_ / "format";
  std::error_code failure;
  if (!std::filesystem::exists(file, failure)) {
    if (failure) return refused(file, "cannot be read", failure.value());
    if (std::filesystem::exists(database()))
      return error(errc::corruption, "data folder " + path_.string() + ": has no format file");
    return write_format();
  }
  std::string text(format_file_bytes_max, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!text.starts_with(format_prefix))
    return error(errc::corruption,
                 "data folder " + path_.string() + ": its format file is damaged");
  unsigned version = 0;
  const char* const digits = text.data() + format_prefix.size();
  const auto [end, code] = std::from_chars(digits, text.data() + text.size(), version);
  if (code != std::errc{} || version == 0 || std::string_view(end) != "\n")
    return error(errc::corruption,
                 "data folder " + path_.string() + ": its format file is damaged");
  if (version > format_newest)
    return error(errc::unsupported, "data folder " + path_.string() + ": has format " +
                                        std::to_string(version) + ", this build reads up to " +
                                        std::to_string(format_newest));
  return ok();
}

result<void> data_folder::write_format() const {
  const auto temporary = path_ / "format.new";
  const auto text = std::string(format_prefix) + std::to_string(format_newest) + "\n";
  THESPIS_CHECK(write_synced(temporary, text));
  THESPIS_FAIL_POINT("format.written");
  std::error_code failure;
  std::filesystem::rename(temporary, path_ / "format", failure);
  if (failure) return refused(path_, "cannot be written", failure.value());
  THESPIS_FAIL_POINT("format.renamed");
  return sync_folder(path_);
}

}  // namespace thespis::storage
