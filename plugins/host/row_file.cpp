// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/row_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "core/crc32c.hpp"
#include "core/fail_point.hpp"
#include "plugins/host/index_file_format.hpp"
#include "plugins/host/pages.hpp"

namespace thespis::plugins {
namespace {

constexpr char magic[8] = {'T', 'H', 'E', 'S', 'P', 'R', 'O', 'W'};
constexpr std::uint32_t version = 1;
constexpr std::size_t head_bytes = 4096;
/// Disk space taken ahead: as much again as there is, within these bounds.
constexpr std::uint64_t ahead_bytes_min = 64u << 10;
constexpr std::uint64_t ahead_bytes_max = 64u << 20;

bool is_full(int number) { return number == ENOSPC || number == EDQUOT || number == EFBIG; }

std::vector<unsigned char> encode_head(const row_file_identity& identity) {
  std::vector<unsigned char> head(std::begin(magic), std::end(magic));
  index_format::append(head, version);
  index_format::append(head, identity.generation);
  index_format::append(head, identity.dimension);
  index_format::append(head, static_cast<std::uint32_t>(identity.metric));
  index_format::append(head, identity.stride_bytes);
  head.insert(head.end(), identity.collection.bytes.begin(), identity.collection.bytes.end());
  index_format::append(head, crc32c(head.data(), head.size()));
  head.resize(head_bytes);
  return head;
}

}  // namespace

row_file::~row_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

error row_file::failed(const char* call, int number) const {
  return {
      is_full(number) ? errc::resource_exhausted : errc::io,
      "row file " + file_.string() + ": " + call + ": " + std::system_category().message(number)};
}

result<std::unique_ptr<row_file>> row_file::open(std::filesystem::path file,
                                                 const row_file_identity& identity) {
  std::unique_ptr<row_file> made(new row_file(std::move(file)));
  THESPIS_CHECK(made->open_descriptor(O_CREAT));
  THESPIS_TRY(const bool known, made->fits(identity));
  if (known) {
    THESPIS_CHECK(made->allocate(0, made->bytes_));
  } else {
    THESPIS_CHECK(made->make(identity));
  }
  return made;
}

result<std::unique_ptr<row_file>> row_file::look(std::filesystem::path file,
                                                 const row_file_identity& identity) {
  std::unique_ptr<row_file> made(new row_file(std::move(file)));
  made->read_only_ = true;
  if (!std::filesystem::exists(made->file_))
    return error(errc::not_found, "row file " + made->file_.string() + ": there is none");
  THESPIS_CHECK(made->open_descriptor(0));
  THESPIS_TRY(const bool known, made->fits(identity));
  if (known) return made;
  return error(errc::failed_precondition,
               "row file " + made->file_.string() + ": its head is not that of these vectors");
}

result<void> row_file::open_descriptor(int flags) {
  const int mode = read_only_ ? O_RDONLY : O_RDWR;
  const int opened = ::open(file_.c_str(), mode | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
  if (opened < 0) return failed("open", errno);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = opened;
  return ok();
}

result<bool> row_file::fits(const row_file_identity& identity) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return failed("fstat", errno);
  if (!S_ISREG(status.st_mode))
    return error(errc::io, "row file " + file_.string() + ": not a regular file");
  if (static_cast<std::uint64_t>(status.st_size) < head_bytes) return false;
  std::vector<unsigned char> found(head_bytes);
  const auto got = ::pread(descriptor_, found.data(), found.size(), 0);
  if (got < 0) return failed("read", errno);
  if (static_cast<std::size_t>(got) != head_bytes || found != encode_head(identity)) return false;
  bytes_ = static_cast<std::uint64_t>(status.st_size) - head_bytes;
  return true;
}

result<void> row_file::make(const row_file_identity& identity) {
  // Not cut to nothing: where it is still mapped, a read past its end would be a signal.
  if (::unlink(file_.c_str()) != 0) return failed("unlink", errno);
  THESPIS_CHECK(open_descriptor(O_CREAT | O_EXCL));
  THESPIS_FAIL_POINT("rows.created");
  bytes_ = 0;
  const auto head = encode_head(identity);
  const auto written = ::pwrite(descriptor_, head.data(), head.size(), 0);
  if (written < 0) return failed("write", errno);
  if (static_cast<std::size_t>(written) != head.size()) return failed("write", ENOSPC);
  return ok();
}

result<void> row_file::allocate(std::uint64_t begin_bytes, std::uint64_t end_bytes) {
  if (begin_bytes == end_bytes) return ok();
  const auto begin = static_cast<off_t>(head_bytes + begin_bytes);
  const auto length = static_cast<off_t>(end_bytes - begin_bytes);
  int number = 0;
  do {
    number = ::fallocate(descriptor_, 0, begin, length) == 0 ? 0 : errno;
  } while (number == EINTR);
  // Where the file system cannot, the library writes zeros, which takes the space as well.
  if (number == EOPNOTSUPP) number = ::posix_fallocate(descriptor_, begin, length);
  if (number != 0) return failed("fallocate", number);
  bytes_ = end_bytes;
  THESPIS_FAIL_POINT("rows.grown");
  return ok();
}

result<void> row_file::grow(std::uint64_t bytes,
                            const std::function<result<void>(std::uint64_t)>& room) {
  if (bytes <= bytes_) return ok();
  const auto ahead = round_up(
      std::max(bytes, bytes_ + std::clamp(bytes_, ahead_bytes_min, ahead_bytes_max)), page_bytes());
  if ((!room || room(ahead - bytes_)) && allocate(bytes_, ahead)) return ok();
  const auto least = round_up(bytes, page_bytes());
  if (room) THESPIS_CHECK(room(least - bytes_));
  return allocate(bytes_, least);
}

result<unsigned char*> row_file::map(std::uint64_t begin, std::size_t bytes) {
  const int access = read_only_ ? PROT_READ : PROT_READ | PROT_WRITE;
  void* at = ::mmap(nullptr, bytes, access, MAP_SHARED, descriptor_,
                    static_cast<off_t>(head_bytes + begin));
  if (at == MAP_FAILED) {
    const int number = errno;
    return error(errc::resource_exhausted, "row file " + file_.string() +
                                               ": mmap: " + std::system_category().message(number));
  }
  return static_cast<unsigned char*>(at);
}

result<void> row_file::sync() const {
  if (::fdatasync(descriptor_) != 0) return failed("fdatasync", errno);
  return ok();
}

}  // namespace thespis::plugins
