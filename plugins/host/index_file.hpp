// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/distance.hpp"
#include "core/error.hpp"
#include "plugins/host/index.hpp"

namespace thespis::plugins {

/// Private to plugins/host: what stands at the beginning of a saved index.
struct index_file_header {
  index_file_stamp stamp;
  distance metric = distance::cosine;
  std::uint32_t dimension = 0;
  std::string plugin_name;
  std::string plugin_version;
};

/// Private to plugins/host: writes a saved index.
/// Format, little-endian: 8 bytes magic; u32 format version; u32 header bytes; header; u32 CRC-32C
/// of all before. Then blocks: u32 bytes, u32 CRC-32C of (u64 number of the block, payload),
/// payload. Then the trailer: u32 0, u32 0, u64 blocks, u64 payload bytes, u32 CRC-32C of the
/// trailer so far continued from that of the head, 8 bytes magic. Thread: one.
class index_file_writer {
 public:
  /// Begins a temporary file beside `file`. Errors: io.
  [[nodiscard]] static result<std::unique_ptr<index_file_writer>> open(
      const std::filesystem::path& file, const index_file_header& header);

  /// Removes the temporary unless `finish` succeeded.
  ~index_file_writer();
  index_file_writer(const index_file_writer&) = delete;
  index_file_writer& operator=(const index_file_writer&) = delete;

  /// Errors: io, resource_exhausted (disk full).
  [[nodiscard]] result<void> write(const void* data, std::size_t bytes);

  /// Makes the file durable and puts it in the place of the old one. Errors: as `write`.
  [[nodiscard]] result<void> finish();

 private:
  index_file_writer(std::filesystem::path file, int descriptor);
  [[nodiscard]] result<void> flush_block();
  [[nodiscard]] result<void> write_all(const void* data, std::size_t bytes);

  std::filesystem::path file_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool finished_ = false;
  std::uint32_t head_crc_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t payload_bytes_ = 0;
  std::vector<unsigned char> block_;
};

/// Private to plugins/host: reads a saved index through a mapping; hands out only bytes whose
/// checksum was checked. Files are replaced as a whole, so what was checked stays as it was.
/// Thread: one.
class index_file_reader {
 public:
  /// Checks head, trailer, sizes and every block, these on several threads.
  /// Errors: not_found, io, corruption, resource_exhausted (address space).
  [[nodiscard]] static result<std::unique_ptr<index_file_reader>> open(
      const std::filesystem::path& file);

  ~index_file_reader();
  index_file_reader(const index_file_reader&) = delete;
  index_file_reader& operator=(const index_file_reader&) = delete;

  [[nodiscard]] const index_file_header& header() const noexcept { return header_; }
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return payload_bytes_; }

  /// Reads exactly `bytes` of payload. Errors: corruption (past the end).
  [[nodiscard]] result<void> read(void* data, std::size_t bytes);

  /// Says that nothing more is expected. Errors: corruption if there is more.
  [[nodiscard]] result<void> finish();

 private:
  /// Payload of one block.
  struct block {
    const unsigned char* begin;
    std::uint32_t bytes;
    std::uint32_t crc;
  };

  explicit index_file_reader(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] result<void> map();
  [[nodiscard]] result<void> read_head();
  [[nodiscard]] result<void> read_trailer();
  [[nodiscard]] result<void> check_blocks();
  [[nodiscard]] error damaged(const std::string& what) const;

  std::filesystem::path file_;
  const unsigned char* bytes_ = nullptr;  ///< Of the file, mapped.
  std::uint64_t file_bytes_ = 0;
  std::uint64_t at_ = 0;  ///< Where the blocks begin.
  std::uint64_t trailer_at_ = 0;
  index_file_header header_;
  std::uint32_t head_crc_ = 0;
  std::uint64_t payload_bytes_ = 0;
  std::uint64_t payload_read_ = 0;
  std::vector<block> blocks_;
  std::size_t block_ = 0;     ///< That the next byte comes from,
  std::size_t block_at_ = 0;  ///< and where in it.
};

}  // namespace thespis::plugins
