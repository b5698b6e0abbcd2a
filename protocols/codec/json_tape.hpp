// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thespis::codec {

/// One token of a JSON text, 16 bytes. Containers stand before their content, keys before values.
struct json_token {
  enum class kind : std::uint8_t {
    object,
    array,
    string,   ///< A string or key that stands in the text as it is.
    escaped,  ///< A string or key whose escapes were resolved.
    integer,  ///< From 0 to 2^64 - 1, written without fraction or exponent.
    number,   ///< Any other number.
    boolean,
    null
  };

  std::uint64_t value;        ///< Integer, bits of a double, 0 or 1, or index behind a container.
  std::uint32_t begin;        ///< Of strings and numbers; members of a container.
  std::uint32_t size : 29;    ///< Of strings and numbers, in bytes.
  std::uint32_t kind_is : 3;  ///< Read it with `is`.

  [[nodiscard]] kind is() const noexcept { return static_cast<kind>(kind_is); }
  [[nodiscard]] bool is_number() const noexcept {
    return is() == kind::integer || is() == kind::number;
  }
  /// Of an integer or number.
  [[nodiscard]] double real() const noexcept {
    return is() == kind::integer ? static_cast<double>(value) : std::bit_cast<double>(value);
  }
};

/// A JSON text (RFC 8259), checked and cut into tokens by Boost.JSON. At most one token for every
/// second byte, in memory that a thread keeps from text to text.
/// Thread: one thread at a time. The text outlives the tape.
class json_tape {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  enum class outcome : std::uint8_t { good, malformed, too_deep, too_large };

  /// Containers may nest `depth_max` deep, a text have `limits::request_bytes_max` bytes.
  json_tape(std::string_view text, std::size_t depth_max);
  ~json_tape();
  json_tape(const json_tape&) = delete;
  json_tape& operator=(const json_tape&) = delete;

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(tokens_.size());
  }
  [[nodiscard]] const json_token& operator[](std::uint32_t index) const noexcept {
    return tokens_[index];
  }
  /// Index behind the value at `index`, and behind all that it holds.
  [[nodiscard]] std::uint32_t behind(std::uint32_t index) const noexcept;
  /// A string without its quotes and escapes, or a number as it is written.
  [[nodiscard]] std::string_view text_of(const json_token& token) const noexcept;

  [[nodiscard]] outcome ended() const noexcept { return ended_; }
  /// After a failure: where in the text, and the parser's words.
  [[nodiscard]] std::size_t failed_at() const noexcept { return failed_at_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// After a failure: the containers around the place, outermost first.
  [[nodiscard]] std::vector<std::uint32_t> open_containers() const;

 private:
  class recorder;

  std::string_view text_;
  std::vector<json_token> tokens_;
  std::string unescaped_;      // what strings with escapes stand for, one after the other
  std::uint32_t open_ = none;  // innermost open container; its `value` is the one around it
  outcome ended_ = outcome::good;
  std::size_t failed_at_ = 0;
  std::string failure_;
};

}  // namespace thespis::codec
