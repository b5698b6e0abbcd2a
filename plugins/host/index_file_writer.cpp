// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/crc32c.hpp"
#include "core/fail_point.hpp"
#include "plugins/host/index_file.hpp"
#include "plugins/host/index_file_format.hpp"

namespace thespis::plugins {

namespace format = index_format;

namespace {

error system_error(const std::filesystem::path& file, const char* call, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  return {
      full ? errc::resource_exhausted : errc::io,
      "index file " + file.string() + ": " + call + ": " + std::system_category().message(number)};
}

/// Makes a renaming in `folder` durable.
result<void> sync_folder(const std::filesystem::path& folder) {
  const auto path = folder.empty() ? std::filesystem::path(".") : folder;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(path, "open", errno);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return system_error(path, "fsync", failed);
  return ok();
}

std::vector<unsigned char> encode_head(const index_file_header& header) {
  std::vector<unsigned char> body;
  const auto& stamp = header.stamp;
  body.insert(body.end(), stamp.collection.bytes.begin(), stamp.collection.bytes.end());
  format::append(body, stamp.generation);
  format::append(body, stamp.next_slot);
  format::append(body, stamp.lsn);
  format::append(body, static_cast<std::uint32_t>(header.metric));
  format::append(body, header.dimension);
  format::append_text(body, stamp.vector_name);
  format::append_text(body, header.plugin_name);
  format::append_text(body, header.plugin_version);

  std::vector<unsigned char> head(std::begin(format::head_magic), std::end(format::head_magic));
  format::append(head, format::version);
  format::append(head, static_cast<std::uint32_t>(body.size()));
  head.insert(head.end(), body.begin(), body.end());
  return head;
}

}  // namespace

index_file_writer::index_file_writer(std::filesystem::path file, int descriptor)
    : file_(std::move(file)), temporary_(file_.string() + ".tmp"), descriptor_(descriptor) {
  block_.reserve(format::block_bytes_max);
}

index_file_writer::~index_file_writer() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!finished_) ::unlink(temporary_.c_str());
}

result<std::unique_ptr<index_file_writer>> index_file_writer::open(
    const std::filesystem::path& file, const index_file_header& header) {
  auto head = encode_head(header);
  if (head.size() - format::fixed_head_bytes > format::header_bytes_max)
    return error(errc::too_large, "index file " + file.string() + ": names are too long");
  const auto temporary = file.string() + ".tmp";
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return system_error(temporary, "open", errno);
  std::unique_ptr<index_file_writer> made(new index_file_writer(file, descriptor));
  made->head_crc_ = crc32c(head.data(), head.size());
  format::append(head, made->head_crc_);
  THESPIS_FAIL_POINT("derived.created");
  THESPIS_CHECK(made->write_all(head.data(), head.size()));
  THESPIS_FAIL_POINT("derived.head_written");
  return made;
}

result<void> index_file_writer::write(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  while (bytes > 0) {
    const auto part = std::min(bytes, format::block_bytes_max - block_.size());
    block_.insert(block_.end(), at, at + part);
    at += part;
    bytes -= part;
    if (block_.size() == format::block_bytes_max) THESPIS_CHECK(flush_block());
  }
  return ok();
}

result<void> index_file_writer::flush_block() {
  if (block_.empty()) return ok();
  std::vector<unsigned char> number;
  format::append(number, blocks_);
  const auto crc = crc32c(block_.data(), block_.size(), crc32c(number.data(), number.size()));
  std::vector<unsigned char> head;
  format::append(head, static_cast<std::uint32_t>(block_.size()));
  format::append(head, crc);
  THESPIS_CHECK(write_all(head.data(), head.size()));
  THESPIS_CHECK(write_all(block_.data(), block_.size()));
  THESPIS_FAIL_POINT("derived.block_written");
  ++blocks_;
  payload_bytes_ += block_.size();
  block_.clear();
  return ok();
}

result<void> index_file_writer::finish() {
  THESPIS_CHECK(flush_block());
  std::vector<unsigned char> trailer;
  format::append(trailer, std::uint32_t{0});
  format::append(trailer, std::uint32_t{0});
  format::append(trailer, blocks_);
  format::append(trailer, payload_bytes_);
  format::append(trailer, crc32c(trailer.data(), trailer.size(), head_crc_));
  trailer.insert(trailer.end(), std::begin(format::end_magic), std::end(format::end_magic));
  THESPIS_CHECK(write_all(trailer.data(), trailer.size()));
  THESPIS_FAIL_POINT("derived.written");
  if (::fsync(descriptor_) != 0) return system_error(temporary_, "fsync", errno);
  THESPIS_FAIL_POINT("derived.synced");
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) return system_error(temporary_, "close", errno);
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) return system_error(file_, "rename", errno);
  finished_ = true;
  THESPIS_FAIL_POINT("derived.renamed");
  THESPIS_CHECK(sync_folder(file_.parent_path()));
  THESPIS_FAIL_POINT("derived.durable");
  return ok();
}

result<void> index_file_writer::write_all(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  while (bytes > 0) {
    const auto written = ::write(descriptor_, at, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(temporary_, "write", errno);
    at += written;
    bytes -= static_cast<std::size_t>(written);
  }
  return ok();
}

}  // namespace thespis::plugins
