// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/distance.hpp"
#include "core/error.hpp"
#include "core/uuid.hpp"

namespace thespis::plugins {

/// Private to plugins/host: what the rows of a file are rows of.
struct row_file_identity {
  uuid collection;
  std::uint32_t generation = 0;
  std::uint32_t dimension = 0;
  distance metric = distance::cosine;
  std::uint64_t stride_bytes = 0;

  friend bool operator==(const row_file_identity&, const row_file_identity&) = default;
};

/// Private to plugins/host: a file of rows that is mapped and grows. Disk space is taken before a
/// page is written, so that a store through the mapping never finds the disk full.
/// Format: a head of 4,096 bytes (little-endian: 8 bytes magic; u32 format version; u32 generation;
/// u32 dimension; u32 metric; u64 bytes of a row; 16 bytes collection; u32 CRC-32C of all before;
/// zeros), then row after row. What the rows hold is vouched for elsewhere (`row_sums`).
/// Thread: one.
class row_file {
 public:
  /// Opens the file of `identity`; one that is missing or of another identity is made anew, and
  /// whoever has that mapped keeps it. All of its space is taken, also where it had holes.
  /// Errors: io, resource_exhausted (disk full).
  [[nodiscard]] static result<std::unique_ptr<row_file>> open(std::filesystem::path file,
                                                              const row_file_identity& identity);
  /// Opens the file of `identity` for reading only; nothing is made or changed.
  /// Errors: not_found, failed_precondition (of another identity, or damaged), io.
  [[nodiscard]] static result<std::unique_ptr<row_file>> look(std::filesystem::path file,
                                                              const row_file_identity& identity);
  ~row_file();
  row_file(const row_file&) = delete;
  row_file& operator=(const row_file&) = delete;

  /// Room for rows, in bytes.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// Takes disk space for `bytes` of rows, zeros where nothing was written, and some ahead if
  /// `room` has it; null: there is room. Errors: those of `room`; resource_exhausted (disk full,
  /// quota), io.
  [[nodiscard]] result<void> grow(std::uint64_t bytes,
                                  const std::function<result<void>(std::uint64_t)>& room = {});

  /// Maps [begin, begin + bytes) of the rows, also what the file does not have yet: that must not
  /// be touched before `grow`. Errors: resource_exhausted (address space).
  [[nodiscard]] result<unsigned char*> map(std::uint64_t begin, std::size_t bytes);

  /// Makes what was written durable. Thread: any.
  [[nodiscard]] result<void> sync() const;

 private:
  explicit row_file(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] result<void> open_descriptor(int flags);
  [[nodiscard]] result<bool> fits(const row_file_identity& identity);
  [[nodiscard]] result<void> make(const row_file_identity& identity);
  [[nodiscard]] result<void> allocate(std::uint64_t begin_bytes, std::uint64_t end_bytes);
  [[nodiscard]] error failed(const char* call, int number) const;

  const std::filesystem::path file_;
  int descriptor_ = -1;
  bool read_only_ = false;
  std::uint64_t bytes_ = 0;
};

}  // namespace thespis::plugins
