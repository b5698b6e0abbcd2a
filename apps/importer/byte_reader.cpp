// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/byte_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace thespis::importer {

namespace {

constexpr std::size_t buffer_bytes = 256u << 10;
constexpr std::uint64_t step_bytes_max = 256u << 20;  // zlib counts in int

gzFile file_of(void* handle) { return static_cast<gzFile>(handle); }

error failure_of(const std::string& name, gzFile file) {
  int code = Z_OK;
  const char* text = ::gzerror(file, &code);
  if (code == Z_ERRNO) return error(errc::io, name + ": " + std::strerror(errno));
  if (code == Z_BUF_ERROR) return error(errc::corruption, name + ": the gzip data ends too early");
  return error(errc::corruption, name + ": broken gzip data: " + text);
}

}  // namespace

result<std::unique_ptr<byte_reader>> byte_reader::open(const std::filesystem::path& file) {
  const auto name = file.string();
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(file, failure);
  if (failure) return error(errc::io, name + ": " + failure.message());
  errno = 0;
  const gzFile handle = ::gzopen(file.c_str(), "rb");
  if (handle == nullptr)
    return error(errc::io, name + ": " + std::strerror(errno != 0 ? errno : ENOMEM));
  ::gzbuffer(handle, buffer_bytes);
  const bool compressed = ::gzdirect(handle) == 0;
  return std::unique_ptr<byte_reader>(new byte_reader(name, handle, bytes, compressed));
}

byte_reader::~byte_reader() { ::gzclose_r(file_of(handle_)); }

result<std::size_t> byte_reader::read(void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  std::size_t done = 0;
  while (done < size) {
    const auto step = static_cast<unsigned>(std::min<std::uint64_t>(size - done, step_bytes_max));
    const int got = ::gzread(file_of(handle_), at + done, step);
    if (got < 0) return failure_of(name_, file_of(handle_));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  // A cut gzip stream reads as a short one and is told apart only here.
  int code = Z_OK;
  if (done < size && (::gzerror(file_of(handle_), &code), code == Z_BUF_ERROR))
    return failure_of(name_, file_of(handle_));
  return done;
}

result<void> byte_reader::skip(std::uint64_t size) {
  if (::gzseek(file_of(handle_), static_cast<z_off_t>(size), SEEK_CUR) < 0)
    return failure_of(name_, file_of(handle_));
  return ok();
}

}  // namespace thespis::importer
