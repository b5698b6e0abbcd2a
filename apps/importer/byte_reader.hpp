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

/// Bytes of a file, unpacked if it is gzip.
class byte_reader {
 public:
  /// Errors: io.
  [[nodiscard]] static result<std::unique_ptr<byte_reader>> open(const std::filesystem::path& file);
  ~byte_reader();
  byte_reader(const byte_reader&) = delete;
  byte_reader& operator=(const byte_reader&) = delete;

  /// Reads up to `size` bytes; fewer only at the end. Errors: io, corruption (broken gzip).
  [[nodiscard]] result<std::size_t> read(void* to, std::size_t size);
  /// Passes over up to `size` bytes. Errors: as `read`.
  [[nodiscard]] result<void> skip(std::uint64_t size);

  /// Whether the file is gzip.
  [[nodiscard]] bool compressed() const noexcept { return compressed_; }
  /// Units: bytes as stored.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  /// The file's name, for messages.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  byte_reader(std::string name, void* handle, std::uint64_t file_bytes, bool compressed)
      : name_(std::move(name)), handle_(handle), file_bytes_(file_bytes), compressed_(compressed) {}

  std::string name_;
  void* handle_;  // gzFile
  std::uint64_t file_bytes_;
  bool compressed_;
};

}  // namespace thespis::importer
