// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace thespis::storage {

/// Appends numbers and text to a byte string; integers are little-endian unless a name says
/// otherwise.
class byte_writer {
 public:
  explicit byte_writer(std::string& out) noexcept : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { little(value); }
  void u32(std::uint32_t value) { little(value); }
  void u64(std::uint64_t value) { little(value); }
  void i64(std::int64_t value) { little(static_cast<std::uint64_t>(value)); }
  void u32_big_endian(std::uint32_t value) { big(value); }
  void u64_big_endian(std::uint64_t value) { big(value); }

  void raw(std::string_view bytes) { out_.append(bytes); }

  /// float32 values, without a count.
  void floats(std::span<const float> values) {
    if constexpr (std::endian::native == std::endian::little) {
      out_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    } else {
      for (const float value : values) u32(std::bit_cast<std::uint32_t>(value));
    }
  }

 private:
  template <class Integer>
  void little(Integer value) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    out_.append(bytes, sizeof value);
  }

  template <class Integer>
  void big(Integer value) {
    char bytes[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i)
      bytes[sizeof value - 1 - i] = static_cast<char>(value >> (8 * i));
    out_.append(bytes, sizeof value);
  }

  std::string& out_;
};

/// Reads what `byte_writer` wrote and never a byte past the end: a read that does not fit gives
/// zeros or nothing and turns `good()` false for ever.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) noexcept : left_(bytes) {}

  [[nodiscard]] bool good() const noexcept { return good_; }
  /// Everything was read, and nothing was missing.
  [[nodiscard]] bool complete() const noexcept { return good_ && left_.empty(); }
  [[nodiscard]] std::size_t remaining() const noexcept { return left_.size(); }

  std::uint8_t u8() noexcept { return little<std::uint8_t>(); }
  std::uint16_t u16() noexcept { return little<std::uint16_t>(); }
  std::uint32_t u32() noexcept { return little<std::uint32_t>(); }
  std::uint64_t u64() noexcept { return little<std::uint64_t>(); }
  std::int64_t i64() noexcept { return static_cast<std::int64_t>(u64()); }
  std::uint32_t u32_big_endian() noexcept { return big<std::uint32_t>(); }
  std::uint64_t u64_big_endian() noexcept { return big<std::uint64_t>(); }

  /// The next `count` bytes; they live as long as the input does.
  std::string_view raw(std::size_t count) noexcept {
    if (count > left_.size()) {
      good_ = false;
      left_ = {};
      return {};
    }
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  /// Fills `values`, which the caller sized after it had checked `remaining()`.
  void floats(std::span<float> values) noexcept {
    const auto bytes = raw(values.size_bytes());
    if (bytes.size() != values.size_bytes()) return;
    if constexpr (std::endian::native == std::endian::little) {
      if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    } else {
      byte_reader words(bytes);
      for (float& value : values) value = std::bit_cast<float>(words.u32());
    }
  }

 private:
  template <class Integer>
  Integer little() noexcept {
    const auto bytes = raw(sizeof(Integer));
    Integer value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value =
          static_cast<Integer>(value | static_cast<Integer>(Integer{byte_at(bytes, i)} << (8 * i)));
    return value;
  }

  template <class Integer>
  Integer big() noexcept {
    const auto bytes = raw(sizeof(Integer));
    Integer value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value = static_cast<Integer>(value << 8 | Integer{byte_at(bytes, i)});
    return value;
  }

  static std::uint8_t byte_at(std::string_view bytes, std::size_t i) noexcept {
    return static_cast<std::uint8_t>(bytes[i]);
  }

  std::string_view left_;
  bool good_ = true;
};

}  // namespace thespis::storage
