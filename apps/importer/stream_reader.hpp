// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "apps/importer/byte_reader.hpp"

namespace thespis::importer {

/// A stream that is closed with its owner, unless it is standard input.
struct close_stream {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using stream = std::unique_ptr<std::FILE, close_stream>;

/// A stream to read from, of which some bytes were read already to see what it is.
struct begun_stream {
  std::string name;
  stream file;
  std::string begin;
  std::uint64_t file_bytes = 0;  ///< 0: not known.
};

/// Reads the stream as it is.
[[nodiscard]] std::unique_ptr<byte_reader> read_plain(begun_stream from);

/// Reads zstd frames, one after the other. A failure names the byte of the file.
/// Source: RFC 8878. Errors: resource_exhausted.
[[nodiscard]] result<std::unique_ptr<byte_reader>> read_zstd(begun_stream from);

}  // namespace thespis::importer
