// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/exporter/export_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "apps/dump/json_slices.hpp"
#include "apps/dump/state_file.hpp"
#include "apps/exporter/export_state.hpp"

namespace thespis::exporter {

namespace {

constexpr const char* begin_again = "; --restart begins again";

std::filesystem::path with(std::filesystem::path file, const char* ending) {
  file += ending;
  return file;
}

}  // namespace

export_file::export_file(options wanted, dump::export_header header, std::string uuid)
    : options_(std::move(wanted)),
      header_(std::move(header)),
      uuid_(std::move(uuid)),
      part_(with(options_.file, ".part")),
      state_(with(part_, ".state")) {}

export_file::~export_file() {
  if (handle_ >= 0) ::close(handle_);
}

result<std::unique_ptr<export_file>> export_file::open(
    options wanted, const std::string& collection, const dump::described_collection& described) {
  std::error_code failure;
  if (!wanted.replace && std::filesystem::exists(wanted.file, failure))
    return error(errc::already_exists,
                 wanted.file.string() + " exists; --force replaces it when the export is complete");
  std::unique_ptr<export_file> out(new export_file(
      std::move(wanted), {collection, described.points.value_or(0), described.create},
      described.uuid));
  THESPIS_CHECK(out->lock());
  THESPIS_TRY(const bool resumed, out->resume());
  if (!resumed) THESPIS_CHECK(out->begin());
  return out;
}

result<void> export_file::lock() {
  handle_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (handle_ < 0) return dump::system_failure(part_);
  if (::flock(handle_, LOCK_EX | LOCK_NB) == 0) return ok();
  if (errno != EWOULDBLOCK) return dump::system_failure(part_);
  return error(errc::failed_precondition, part_.string() + ": another process is writing it");
}

// False if there is nothing to continue.
result<bool> export_file::resume() {
  if (options_.restart) return false;
  THESPIS_TRY(const auto text, dump::read_state(state_));
  struct stat now {};
  if (::fstat(handle_, &now) != 0) return dump::system_failure(part_);
  const auto size = static_cast<std::uint64_t>(now.st_size);
  // A state without a file is what a crash leaves that comes just behind the last step.
  if (!text || size == 0) return false;
  auto state = decode_state(*text);
  if (!state)
    return error(errc::corruption, state_.string() + ": " + state.error().message + begin_again);
  if (state->collection != header_.collection || state->uuid != uuid_)
    return error(errc::failed_precondition,
                 part_.string() + " is the beginning of an export of another collection, '" +
                     state->collection + "' with UUID " + state->uuid + begin_again);
  THESPIS_TRY(const auto changed, dump::difference_of(state->create, header_.create));
  if (!changed.path.empty())
    return error(errc::failed_precondition,
                 part_.string() + ": since it was begun, " + changed.path + " of collection '" +
                     header_.collection + "' has changed from " + changed.first + " to " +
                     changed.second + begin_again);
  if (state->bytes > size)
    return error(errc::corruption, part_.string() + " has " + std::to_string(size) +
                                       " bytes, its state names " + std::to_string(state->bytes) +
                                       begin_again);
  if (::ftruncate(handle_, static_cast<off_t>(state->bytes)) != 0)
    return dump::system_failure(part_);
  header_.create = std::move(state->create);  // what the header's length was made for
  bytes_ = state->bytes;
  position_ = std::move(state->position);
  return true;
}

result<void> export_file::begin() {
  if (::ftruncate(handle_, 0) != 0) return dump::system_failure(part_);
  THESPIS_TRY(const auto header, header_bytes());
  THESPIS_CHECK(write(header, 0));
  bytes_ = header.size();
  return save();
}

result<std::string> export_file::header_bytes() {
  const auto line = dump::encode_header(header_);
  if (!options_.compressed) return line;
  return zstd_.replaceable_frame(line);
}

result<void> export_file::write(std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const auto wrote = ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return dump::system_failure(part_);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    at += static_cast<std::uint64_t>(wrote);
  }
  return ok();
}

result<void> export_file::append(const page& points) {
  std::string_view bytes = points.lines;
  std::string frame;
  if (options_.compressed && !bytes.empty()) {
    THESPIS_TRY(frame, zstd_.frame(bytes));
    bytes = frame;
  }
  THESPIS_CHECK(write(bytes, bytes_));
  bytes_ += bytes.size();
  position_.points += points.points;
  position_.next = points.next;
  position_.complete = points.next.empty();
  return ok();
}

result<void> export_file::save() {
  if (::fdatasync(handle_) != 0) return dump::system_failure(part_);
  return dump::write_state(
      state_, encode_state({header_.collection, uuid_, header_.create, bytes_, position_}));
}

result<void> export_file::finish() {
  header_.points = position_.points;
  THESPIS_TRY(const auto header, header_bytes());
  THESPIS_CHECK(write(header, 0));
  if (::fsync(handle_) != 0) return dump::system_failure(part_);
  if (::rename(part_.c_str(), options_.file.c_str()) != 0)
    return dump::system_failure(options_.file);
  THESPIS_CHECK(dump::sync_folder_of(options_.file));
  if (::unlink(state_.c_str()) != 0 && errno != ENOENT) return dump::system_failure(state_);
  return ok();
}

}  // namespace thespis::exporter
