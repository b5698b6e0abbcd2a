// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/gzip_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace thespis::importer {

namespace {

constexpr std::size_t buffer_bytes = 256u << 10;
constexpr std::uint64_t step_bytes_max = 256u << 20;  // zlib counts in int

error failure_of(const std::string& name, gzFile file) {
  int code = Z_OK;
  const char* text = ::gzerror(file, &code);
  if (code == Z_ERRNO) return error(errc::io, name + ": " + std::strerror(errno));
  if (code == Z_BUF_ERROR) return error(errc::corruption, name + ": the gzip data ends too early");
  return error(errc::corruption, name + ": broken gzip data: " + text);
}

class gzip_reader final : public byte_reader {
 public:
  gzip_reader(std::string name, gzFile file, std::uint64_t file_bytes)
      : byte_reader(std::move(name), file_bytes, ::gzdirect(file) == 0), file_(file) {}
  ~gzip_reader() override { ::gzclose_r(file_); }

  result<std::size_t> read(void* to, std::size_t size) override {
    auto* at = static_cast<char*>(to);
    std::size_t done = 0;
    while (done < size) {
      const auto step = static_cast<unsigned>(std::min<std::uint64_t>(size - done, step_bytes_max));
      const int got = ::gzread(file_, at + done, step);
      if (got < 0) return failure_of(name(), file_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    // A cut gzip stream reads as a short one and is told apart only here.
    int code = Z_OK;
    if (done < size && (::gzerror(file_, &code), code == Z_BUF_ERROR))
      return failure_of(name(), file_);
    return done;
  }

  result<void> skip(std::uint64_t size) override {
    if (::gzseek(file_, static_cast<z_off_t>(size), SEEK_CUR) < 0) return failure_of(name(), file_);
    return ok();
  }

 private:
  gzFile file_;
};

}  // namespace

result<std::unique_ptr<byte_reader>> open_gzip(const std::filesystem::path& file,
                                               std::uint64_t file_bytes) {
  const auto name = file.string();
  errno = 0;
  const gzFile handle = ::gzopen(file.c_str(), "rb");
  if (handle == nullptr)
    return error(errc::io, name + ": " + std::strerror(errno != 0 ? errno : ENOMEM));
  ::gzbuffer(handle, buffer_bytes);
  return std::unique_ptr<byte_reader>(std::make_unique<gzip_reader>(name, handle, file_bytes));
}

}  // namespace thespis::importer
