// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

/// Private to plugins/host: the numbers of the index file's format, see index_file.hpp.
namespace thespis::plugins::index_format {

inline constexpr char head_magic[8] = {'T', 'H', 'E', 'S', 'P', 'I', 'D', 'X'};
inline constexpr char end_magic[8] = {'T', 'H', 'E', 'S', 'P', 'E', 'N', 'D'};
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t fixed_head_bytes = 16;  ///< Magic, version, header bytes.
inline constexpr std::size_t header_bytes_max = 4096;
inline constexpr std::size_t block_head_bytes = 8;
inline constexpr std::size_t block_bytes_max = 1u << 20;
inline constexpr std::size_t trailer_bytes = 8 + 8 + 8 + 4 + 8;

template <class Number>
void append(std::vector<unsigned char>& out, Number value) {
  boost::endian::native_to_little_inplace(value);
  const auto* begin = reinterpret_cast<const unsigned char*>(&value);
  out.insert(out.end(), begin, begin + sizeof(value));
}

inline void append_text(std::vector<unsigned char>& out, const std::string& text) {
  append(out, static_cast<std::uint32_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

template <class Number>
[[nodiscard]] Number number_at(const unsigned char* from) noexcept {
  Number value{};
  std::memcpy(&value, from, sizeof(value));
  return boost::endian::little_to_native(value);
}

/// Takes values from bytes; after the first that is not there, `good` is false and all are empty.
class taker {
 public:
  taker(const unsigned char* begin, std::size_t bytes) noexcept : at_(begin), left_(bytes) {}

  template <class Number>
  [[nodiscard]] Number number() noexcept {
    if (!has(sizeof(Number))) return {};
    const auto value = number_at<Number>(at_);
    skip(sizeof(Number));
    return value;
  }
  [[nodiscard]] std::string text() {
    const auto bytes = number<std::uint32_t>();
    if (!has(bytes)) return {};
    std::string value(reinterpret_cast<const char*>(at_), bytes);
    skip(bytes);
    return value;
  }
  void bytes(void* out, std::size_t count) noexcept {
    if (!has(count)) return;
    std::memcpy(out, at_, count);
    skip(count);
  }
  /// Whether everything was there and nothing is left.
  [[nodiscard]] bool complete() const noexcept { return good_ && left_ == 0; }

 private:
  bool has(std::size_t bytes) noexcept {
    good_ = good_ && bytes <= left_;
    return good_;
  }
  void skip(std::size_t bytes) noexcept {
    at_ += bytes;
    left_ -= bytes;
  }

  const unsigned char* at_;
  std::size_t left_;
  bool good_ = true;
};

}  // namespace thespis::plugins::index_format
