// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/crc32c.hpp"
#include "plugins/host/index_file.hpp"
#include "plugins/host/index_file_format.hpp"
#include "plugins/host/parallel_check.hpp"

namespace thespis::plugins {

namespace format = index_format;

namespace {

error system_error(const std::filesystem::path& file, const char* call, int number) {
  return {
      number == ENOENT ? errc::not_found : errc::io,
      "index file " + file.string() + ": " + call + ": " + std::system_category().message(number)};
}

}  // namespace

index_file_reader::~index_file_reader() {
  if (bytes_ != nullptr) ::munmap(const_cast<unsigned char*>(bytes_), file_bytes_);
}

result<std::unique_ptr<index_file_reader>> index_file_reader::open(
    const std::filesystem::path& file) {
  std::unique_ptr<index_file_reader> made(new index_file_reader(file));
  THESPIS_CHECK(made->map());
  THESPIS_CHECK(made->read_head());
  THESPIS_CHECK(made->read_trailer());
  THESPIS_CHECK(made->check_blocks());
  return made;
}

result<void> index_file_reader::map() {
  const int descriptor = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(file_, "open", errno);
  struct stat status {};
  const int failed = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  void* mapped = nullptr;
  int unmapped = 0;
  if (failed == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    file_bytes_ = static_cast<std::uint64_t>(status.st_size);
    mapped = ::mmap(nullptr, file_bytes_, PROT_READ, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) unmapped = errno;
  }
  ::close(descriptor);
  if (failed != 0) return system_error(file_, "fstat", failed);
  if (!S_ISREG(status.st_mode))
    return error(errc::io, "index file " + file_.string() + ": not a regular file");
  if (unmapped != 0)
    return error(errc::resource_exhausted, system_error(file_, "mmap", unmapped).message);
  if (mapped == nullptr) return damaged("it is empty");
  bytes_ = static_cast<const unsigned char*>(mapped);
  (void)::madvise(mapped, file_bytes_, MADV_WILLNEED);  // advice only
  return ok();
}

result<void> index_file_reader::read_head() {
  if (file_bytes_ < format::fixed_head_bytes) return damaged("it ends too early");
  if (!std::equal(std::begin(format::head_magic), std::end(format::head_magic), bytes_))
    return damaged("it does not begin as an index file does");
  const auto version = format::number_at<std::uint32_t>(bytes_ + 8);
  if (version != format::version)
    return damaged("format " + std::to_string(version) + ", expected " +
                   std::to_string(format::version));
  const auto bytes = format::number_at<std::uint32_t>(bytes_ + 12);
  if (bytes > format::header_bytes_max) return damaged("the header's length is impossible");

  const std::size_t checked = format::fixed_head_bytes + bytes;
  if (file_bytes_ < checked + sizeof(std::uint32_t)) return damaged("it ends too early");
  head_crc_ = crc32c(bytes_, checked);
  if (!checksum_holds(format::number_at<std::uint32_t>(bytes_ + checked), head_crc_))
    return damaged("the header's checksum is wrong");

  format::taker body(bytes_ + format::fixed_head_bytes, bytes);
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
  at_ = checked + sizeof(std::uint32_t);
  return ok();
}

result<void> index_file_reader::read_trailer() {
  if (file_bytes_ < at_ + format::trailer_bytes) return damaged("it ends too early");
  trailer_at_ = file_bytes_ - format::trailer_bytes;
  const auto* trailer = bytes_ + trailer_at_;
  constexpr auto checked = format::trailer_bytes - sizeof(format::end_magic) - 4;
  if (!std::equal(std::begin(format::end_magic), std::end(format::end_magic),
                  trailer + checked + 4))
    return damaged("it does not end as an index file does");
  const auto found = format::number_at<std::uint32_t>(trailer + checked);
  if (!checksum_holds(found, crc32c(trailer, checked, head_crc_)))
    return damaged("the trailer's checksum is wrong");
  const auto blocks = format::number_at<std::uint64_t>(trailer + 8);
  payload_bytes_ = format::number_at<std::uint64_t>(trailer + 16);
  const auto between = trailer_at_ - at_;
  if (blocks > between / format::block_head_bytes ||
      payload_bytes_ != between - blocks * format::block_head_bytes)
    return damaged("its length is not what the trailer says");
  blocks_.reserve(std::min<std::uint64_t>(blocks, between / format::block_bytes_max + 1));
  for (auto at = at_; at < trailer_at_;) {
    const auto left = trailer_at_ - at;
    if (left < format::block_head_bytes) return damaged("a block ends too early");
    const auto bytes = format::number_at<std::uint32_t>(bytes_ + at);
    const auto crc = format::number_at<std::uint32_t>(bytes_ + at + 4);
    if (bytes == 0 || bytes > format::block_bytes_max || bytes > left - format::block_head_bytes)
      return damaged("block " + std::to_string(blocks_.size()) + " has an impossible length");
    blocks_.push_back({bytes_ + at + format::block_head_bytes, bytes, crc});
    at += format::block_head_bytes + bytes;
  }
  if (blocks_.size() == blocks) return ok();
  return damaged("it has " + std::to_string(blocks_.size()) + " blocks, its trailer says " +
                 std::to_string(blocks));
}

result<void> index_file_reader::check_blocks() {
  const auto bad = first_failing(blocks_.size(), [&](std::size_t at) {
    const auto& one = blocks_[at];
    std::vector<unsigned char> number;
    format::append(number, std::uint64_t{at});
    const auto computed = crc32c(one.begin, one.bytes, crc32c(number.data(), number.size()));
    return checksum_holds(one.crc, computed);
  });
  if (bad == blocks_.size()) return ok();
  return damaged("the checksum of block " + std::to_string(bad) + " is wrong");
}

result<void> index_file_reader::read(void* data, std::size_t bytes) {
  auto* out = static_cast<unsigned char*>(data);
  if (bytes > payload_bytes_ - payload_read_) return damaged("a read goes past the end");
  payload_read_ += bytes;
  while (bytes > 0) {
    const auto& from = blocks_[block_];
    const auto part = std::min<std::size_t>(bytes, from.bytes - block_at_);
    std::memcpy(out, from.begin + block_at_, part);
    block_at_ += part;
    out += part;
    bytes -= part;
    if (block_at_ < from.bytes) continue;
    ++block_;
    block_at_ = 0;
  }
  return ok();
}

result<void> index_file_reader::finish() {
  if (payload_read_ == payload_bytes_) return ok();
  return damaged("the plugin left " + std::to_string(payload_bytes_ - payload_read_) +
                 " bytes unread");
}

error index_file_reader::damaged(const std::string& what) const {
  return {errc::corruption, "index file " + file_.string() + ": " + what};
}

}  // namespace thespis::plugins
