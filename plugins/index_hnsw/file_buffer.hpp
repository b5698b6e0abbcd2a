// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thespis/plugin/plugin.hpp>
#include <vector>

namespace thespis::hnsw {

inline constexpr std::size_t file_buffer_bytes = std::size_t{64} << 10;

/// Gathers small pieces, so that the host is called for large ones.
class buffered_writer {
 public:
  explicit buffered_writer(plugin::writer& out) : out_(out) { buffer_.reserve(file_buffer_bytes); }

  void write(const void* data, std::size_t bytes) {
    if (buffer_.size() + bytes > file_buffer_bytes) flush();
    if (bytes > file_buffer_bytes) return out_.write(data, bytes);
    const auto* first = static_cast<const std::byte*>(data);
    buffer_.insert(buffer_.end(), first, first + bytes);
  }
  void flush() {
    if (!buffer_.empty()) out_.write(buffer_.data(), buffer_.size());
    buffer_.clear();
  }

 private:
  plugin::writer& out_;
  std::vector<std::byte> buffer_;
};

/// Asks the host for large pieces and hands out small ones.
class buffered_reader {
 public:
  explicit buffered_reader(plugin::reader& in) : in_(in) {}

  void read(void* data, std::size_t bytes) {
    auto* to = static_cast<std::byte*>(data);
    while (bytes != 0) {
      if (at_ == buffer_.size()) refill(bytes);
      const std::size_t part = std::min(bytes, buffer_.size() - at_);
      std::memcpy(to, buffer_.data() + at_, part);
      at_ += part;
      to += part;
      bytes -= part;
    }
  }
  /// Bytes that have not been handed out.
  [[nodiscard]] std::uint64_t left() const noexcept { return in_.left() + buffer_.size() - at_; }

 private:
  void refill(std::size_t wanted) {
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(in_.left(), file_buffer_bytes));
    buffer_.resize(bytes);
    at_ = 0;
    // With nothing left the host says that the stream ended.
    if (bytes == 0) {
      buffer_.resize(wanted);
      in_.read(buffer_.data(), wanted);
    } else {
      in_.read(buffer_.data(), bytes);
    }
  }

  plugin::reader& in_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
};

}  // namespace thespis::hnsw
