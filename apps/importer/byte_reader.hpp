// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/error.hpp"

namespace thespis::importer {

/// Bytes of a file, unpacked if it is gzip or zstd.
/// Thread: one at a time.
class byte_reader {
 public:
  /// "-" is standard input, which may be zstd. Errors: io; unsupported (gzip on standard input).
  [[nodiscard]] static result<std::unique_ptr<byte_reader>> open(const std::filesystem::path& file);
  virtual ~byte_reader() = default;
  byte_reader(const byte_reader&) = delete;
  byte_reader& operator=(const byte_reader&) = delete;

  /// Reads up to `size` bytes; fewer only at the end, or before a failure that the next call tells.
  /// Errors: io; corruption (compressed data that is broken or cut).
  [[nodiscard]] virtual result<std::size_t> read(void* to, std::size_t size) = 0;
  /// Passes over up to `size` bytes. Errors: as `read`.
  [[nodiscard]] virtual result<void> skip(std::uint64_t size) = 0;

  /// Whether the file's length says nothing about its content's.
  [[nodiscard]] bool compressed() const noexcept { return compressed_; }
  /// Units: bytes as stored; 0 for standard input.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  /// The file's name, for messages.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  byte_reader(std::string name, std::uint64_t file_bytes, bool compressed)
      : name_(std::move(name)), file_bytes_(file_bytes), compressed_(compressed) {}

 private:
  std::string name_;
  std::uint64_t file_bytes_;
  bool compressed_;
};

}  // namespace thespis::importer
