// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/limits.hpp"

namespace thespis::codec {

/// Reads one JSON text (RFC 8259) from front to back, straight into the caller's values: the
/// caller asks for what it expects, and numbers of a vector land in its buffer without a tree in
/// between. The first failure sticks: from then on every call does nothing and answers false, zero
/// or empty, so that a decoder tests once at its end.
/// Messages name line, column and field, as in
/// `line 1, column 42, points[3].vector[7]: 1e999 is out of the range of float32`.
/// Thread: one thread at a time. The text outlives the reader.
class json_reader {
 public:
  /// What the next value is, by its first character.
  enum class kind : std::uint8_t { object, array, string, number, boolean, null, none };

  /// Containers may nest `depth_max` deep, at most `limits::json_depth_max`.
  json_reader(std::string_view text, std::size_t depth_max) noexcept;

  [[nodiscard]] kind peek() noexcept;

  /// Enters an object; then call `next_key` until it answers false, and read a value each time.
  bool begin_object();
  /// Finds the next key. `key` is valid until the next call that reads a string or key.
  bool next_key(std::string_view& key);
  /// Enters an array; then call `next_element` until it answers false, and read a value each time.
  bool begin_array();
  bool next_element();

  /// Consumes a null if one is next.
  bool read_null();
  [[nodiscard]] bool read_bool();
  /// An integer from 0 to 2^64 - 1, written without fraction or exponent.
  [[nodiscard]] std::uint64_t read_unsigned();
  /// A number rounded to the nearest float32. Errors: beyond its range.
  [[nodiscard]] float read_float();
  /// A string with its escapes resolved.
  [[nodiscard]] std::string read_string();
  /// An array of numbers, replacing `out`. Errors: more than `limits::dimension_max`.
  void read_floats(std::vector<float>& out);
  /// Any value as compact text: spaces go, everything else stays as written.
  void read_compact(std::string& out);
  /// Checks and drops any value.
  void skip();

  /// A value's beginning, to come back to with `rewind` from within it or just behind it.
  struct mark {
    const char* at;
    std::size_t depth;
    std::uint64_t count;
  };
  [[nodiscard]] mark here() const noexcept;
  void rewind(const mark& place) noexcept;

  /// Checks that nothing but spaces is left; the outcome of the whole reading.
  [[nodiscard]] result<void> finish();

  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  /// Ends the reading with a failure at the current value; later ones are ignored.
  void fail(errc code, std::string_view message);
  /// `fail` for a value of the wrong kind: "expected ..., found ...".
  void fail_expected(std::string_view expected);

 private:
  struct frame {
    std::string_view key;  // as written, for messages
    std::uint64_t count = 0;
    bool object = false;
  };

  void skip_spaces() noexcept;
  bool push(bool object);
  bool close(char bracket);
  bool literal(std::string_view word);
  bool raw_string(std::string_view& inside, bool& escaped);
  bool escape();
  bool utf8();
  bool unescape(std::string_view inside, std::string& out);
  bool float_at(float& value);
  void fail_at(const char* place, errc code, std::string_view message);
  void fail_syntax(std::string_view expected);
  [[nodiscard]] std::string path() const;

  const char* begin_;
  const char* at_;
  const char* end_;
  std::size_t depth_ = 0;
  std::size_t depth_max_;
  bool failed_ = false;
  std::array<frame, limits::json_depth_max> frames_;
  std::string scratch_;
  error failure_;
};

}  // namespace thespis::codec
