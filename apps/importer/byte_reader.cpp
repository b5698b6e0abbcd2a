// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/byte_reader.hpp"

#include <cerrno>
#include <cstring>

#include "apps/importer/gzip_reader.hpp"
#include "apps/importer/stream_reader.hpp"

namespace thespis::importer {

namespace {

constexpr std::string_view gzip_magic = "\x1F\x8B";

// Source: RFC 8878, sections 3.1.1 and 3.1.2: a frame, or one that readers pass over.
bool is_zstd(std::string_view begin) {
  if (begin.size() < 4) return false;
  const bool skippable =
      (begin[0] & 0xF0) == 0x50 && begin.substr(1, 3) == std::string_view("\x2A\x4D\x18");
  return skippable || begin.substr(0, 4) == std::string_view("\x28\xB5\x2F\xFD");
}

result<begun_stream> begin(std::string name, stream file, std::uint64_t file_bytes) {
  begun_stream out{std::move(name), std::move(file), std::string(4, '\0'), file_bytes};
  const auto got = std::fread(out.begin.data(), 1, out.begin.size(), out.file.get());
  if (got < out.begin.size() && std::ferror(out.file.get()) != 0)
    return error(errc::io, out.name + ": " + std::strerror(errno));
  out.begin.resize(got);
  return out;
}

}  // namespace

result<std::unique_ptr<byte_reader>> byte_reader::open(const std::filesystem::path& file) {
  if (file == "-") {
    THESPIS_TRY(auto begun, begin("standard input", stream(stdin), 0));
    if (is_zstd(begun.begin)) return read_zstd(std::move(begun));
    if (begun.begin.starts_with(gzip_magic))
      return error(errc::unsupported, "standard input: gzip is read from files only");
    return read_plain(std::move(begun));
  }
  const auto name = file.string();
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(file, failure);
  if (failure) return error(errc::io, name + ": " + failure.message());
  stream opened(std::fopen(file.c_str(), "rbe"));
  if (opened == nullptr) return error(errc::io, name + ": " + std::strerror(errno));
  THESPIS_TRY(auto begun, begin(name, std::move(opened), bytes));
  if (is_zstd(begun.begin)) return read_zstd(std::move(begun));
  return open_gzip(file, bytes);
}

}  // namespace thespis::importer
