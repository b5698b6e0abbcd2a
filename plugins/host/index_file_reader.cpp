// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/crc32c.hpp"
#include "plugins/host/index_file.hpp"
#include "plugins/host/index_file_format.hpp"

namespace thespis::plugins {

namespace format = index_format;

namespace {

error system_error(const std::filesystem::path& file, const char* call, int number) {
  return {
      number == ENOENT ? errc::not_found : errc::io,
      "index file " + file.string() + ": " + call + ": " + std::system_category().message(number)};
}

}  // namespace

index_file_reader::index_file_reader(std::filesystem::path file, int descriptor,
                                     std::uint64_t file_bytes)
    : file_(std::move(file)), descriptor_(descriptor), file_bytes_(file_bytes) {}

index_file_reader::~index_file_reader() { ::close(descriptor_); }

result<std::unique_ptr<index_file_reader>> index_file_reader::open(
    const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(file, "open", errno);
  std::unique_ptr<index_file_reader> made(new index_file_reader(file, descriptor, 0));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return system_error(file, "fstat", errno);
  if (!S_ISREG(status.st_mode))
    return error(errc::io, "index file " + file.string() + ": not a regular file");
  made->file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  (void)::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  THESPIS_CHECK(made->read_head());
  THESPIS_CHECK(made->read_trailer());
  return made;
}

result<void> index_file_reader::read_head() {
  unsigned char fixed[format::fixed_head_bytes];
  THESPIS_CHECK(read_at(0, fixed, sizeof(fixed)));
  if (!std::equal(std::begin(format::head_magic), std::end(format::head_magic), fixed))
    return damaged("it does not begin as an index file does");
  const auto version = format::number_at<std::uint32_t>(fixed + 8);
  if (version != format::version)
    return damaged("format " + std::to_string(version) + ", expected " +
                   std::to_string(format::version));
  const auto bytes = format::number_at<std::uint32_t>(fixed + 12);
  if (bytes > format::header_bytes_max) return damaged("the header's length is impossible");

  std::vector<unsigned char> head(format::fixed_head_bytes + bytes + sizeof(std::uint32_t));
  THESPIS_CHECK(read_at(0, head.data(), head.size()));
  const auto checked = head.size() - sizeof(std::uint32_t);
  head_crc_ = crc32c(head.data(), checked);
  if (format::number_at<std::uint32_t>(head.data() + checked) != head_crc_)
    return damaged("the header's checksum is wrong");

  format::taker body(head.data() + format::fixed_head_bytes, bytes);
  auto& stamp = header_.stamp;
  body.bytes(stamp.collection.bytes.data(), stamp.collection.bytes.size());
  stamp.generation = body.number<std::uint32_t>();
  stamp.next_slot = body.number<std::uint32_t>();
  stamp.lsn = body.number<std::uint64_t>();
  const auto metric = body.number<std::uint32_t>();
  header_.metric = static_cast<distance>(metric);
  header_.dimension = body.number<std::uint32_t>();
  stamp.vector_name = body.text();
  header_.plugin_name = body.text();
  header_.plugin_version = body.text();
  if (!body.complete() || metric > 0xFF) return damaged("the header makes no sense");
  at_ = head.size();
  return ok();
}

result<void> index_file_reader::read_trailer() {
  if (file_bytes_ < at_ + format::trailer_bytes) return damaged("it ends too early");
  trailer_at_ = file_bytes_ - format::trailer_bytes;
  unsigned char trailer[format::trailer_bytes];
  THESPIS_CHECK(read_at(trailer_at_, trailer, sizeof(trailer)));
  constexpr auto checked = format::trailer_bytes - sizeof(format::end_magic) - 4;
  if (!std::equal(std::begin(format::end_magic), std::end(format::end_magic),
                  trailer + checked + 4))
    return damaged("it does not end as an index file does");
  if (format::number_at<std::uint32_t>(trailer + checked) != crc32c(trailer, checked, head_crc_))
    return damaged("the trailer's checksum is wrong");
  blocks_ = format::number_at<std::uint64_t>(trailer + 8);
  payload_bytes_ = format::number_at<std::uint64_t>(trailer + 16);
  const auto between = trailer_at_ - at_;
  if (blocks_ > between / format::block_head_bytes ||
      payload_bytes_ != between - blocks_ * format::block_head_bytes)
    return damaged("its length is not what the trailer says");
  return ok();
}

result<void> index_file_reader::read_block() {
  if (blocks_read_ == blocks_) return damaged("a read goes past the end");
  unsigned char head[format::block_head_bytes];
  if (trailer_at_ - at_ < sizeof(head)) return damaged("a block ends too early");
  THESPIS_CHECK(read_at(at_, head, sizeof(head)));
  at_ += sizeof(head);
  const auto bytes = format::number_at<std::uint32_t>(head);
  if (bytes == 0 || bytes > format::block_bytes_max || bytes > trailer_at_ - at_)
    return damaged("block " + std::to_string(blocks_read_) + " has an impossible length");
  block_.resize(bytes);
  THESPIS_CHECK(read_at(at_, block_.data(), bytes));
  at_ += bytes;
  std::vector<unsigned char> number;
  format::append(number, blocks_read_);
  if (crc32c(block_.data(), bytes, crc32c(number.data(), number.size())) !=
      format::number_at<std::uint32_t>(head + 4))
    return damaged("the checksum of block " + std::to_string(blocks_read_) + " is wrong");
  ++blocks_read_;
  block_at_ = 0;
  return ok();
}

result<void> index_file_reader::read(void* data, std::size_t bytes) {
  auto* out = static_cast<unsigned char*>(data);
  while (bytes > 0) {
    if (block_at_ == block_.size()) THESPIS_CHECK(read_block());
    const auto part = std::min(bytes, block_.size() - block_at_);
    std::copy_n(block_.data() + block_at_, part, out);
    block_at_ += part;
    payload_read_ += part;
    out += part;
    bytes -= part;
  }
  return ok();
}

result<void> index_file_reader::finish() {
  if (payload_read_ != payload_bytes_ || blocks_read_ != blocks_)
    return damaged("the plugin left " + std::to_string(payload_bytes_ - payload_read_) +
                   " bytes unread");
  return ok();
}

result<void> index_file_reader::read_at(std::uint64_t offset, void* data, std::size_t bytes) const {
  auto* out = static_cast<unsigned char*>(data);
  while (bytes > 0) {
    const auto got = ::pread(descriptor_, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(file_, "read", errno);
    if (got == 0) return damaged("it ends too early");
    out += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return ok();
}

error index_file_reader::damaged(const std::string& what) const {
  return {errc::corruption, "index file " + file_.string() + ": " + what};
}

}  // namespace thespis::plugins
