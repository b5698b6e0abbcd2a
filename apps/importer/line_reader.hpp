// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/importer/byte_reader.hpp"
#include "core/error.hpp"

namespace thespis::importer {

/// Lines of a file, and where they stand in it.
/// Thread: one at a time.
class line_reader {
 public:
  explicit line_reader(std::unique_ptr<byte_reader> in) : in_(std::move(in)) {}

  /// The next line without its end, valid until the next call; nothing at the end of the file.
  /// Errors: as `byte_reader::read`, with the last whole line before it; too_large (longer than
  /// `limits::import_line_bytes_max`).
  [[nodiscard]] result<std::optional<std::string_view>> next();
  /// Makes `next` answer the current line once more.
  void put_back() noexcept;
  /// Whether the current line has an end; only the last one may lack it.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

  /// The current line, from 1; 0 before the first one.
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
  /// A failure of the current line: "FILE line 3, byte 120: ..." (bytes of the unpacked text).
  [[nodiscard]] error refused(const error& failure) const;
  /// The file's name, for messages.
  [[nodiscard]] const std::string& name() const noexcept { return in_->name(); }

 private:
  error broken(const error& failure) const;
  std::string_view take(std::size_t size, std::size_t taken);

  std::unique_ptr<byte_reader> in_;
  std::string buffer_;
  std::size_t start_ = 0;     // of the current line in the buffer
  std::size_t taken_ = 0;     // where the next one begins
  std::uint64_t passed_ = 0;  // bytes of the text before the buffer
  std::uint64_t line_ = 0;
  bool ended_ = true;
};

}  // namespace thespis::importer
