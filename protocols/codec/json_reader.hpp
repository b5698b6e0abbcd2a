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
#include "protocols/codec/json_tape.hpp"

namespace thespis::codec {

/// Reads one JSON text from front to back, straight into the caller's values: the caller asks for
/// what it expects, and a field that nobody asked for is refused where it stands. The whole text is
/// checked first, so that a decoder never sees a part of a malformed one.
/// The first failure sticks: from then on every call does nothing and answers false, zero or empty,
/// so that a decoder tests once at its end. Messages name the field, and line and column where the
/// place is that of a number, of a string without escapes, or of malformed text, as in
/// `line 1, column 42, points[3].vector[7]: 1e999 is out of the range of float32`.
/// Thread: one thread at a time. The text outlives the reader.
class json_reader {
 public:
  /// What the next value is; none behind the last one and after a failure.
  enum class kind : std::uint8_t { object, array, string, number, boolean, null, none };

  /// Containers may nest `depth_max` deep, at most `limits::json_depth_max`.
  json_reader(std::string_view text, std::size_t depth_max);

  [[nodiscard]] kind peek() const noexcept;

  /// Enters an object; then call `next_key` until it answers false, and read a value each time.
  bool begin_object();
  /// Finds the next key. `key` lives as long as the reader. Errors: a key that this object had
  /// before. Each call looks at all keys before it, so the caller bounds how many it reads.
  bool next_key(std::string_view& key);
  /// Enters an array; then call `next_element` until it answers false, and read a value each time.
  bool begin_array();
  bool next_element();
  /// `begin_array` for a list of so many `what`, such as "points". Errors: it has more.
  bool begin_array_of(std::size_t most, std::string_view what);

  /// Consumes a null if one is next.
  bool read_null();
  [[nodiscard]] bool read_bool();
  /// An integer from 0 to 2^64 - 1, written without fraction or exponent.
  [[nodiscard]] std::uint64_t read_unsigned();
  /// An integer from -2^63 to 2^63 - 1, written without fraction or exponent.
  [[nodiscard]] std::int64_t read_signed();
  /// A number as the nearest double. Errors: beyond its range.
  [[nodiscard]] double read_double();
  /// A number as a double, rounded to float32. Errors: beyond its range.
  [[nodiscard]] float read_float();
  /// A string with its escapes resolved.
  [[nodiscard]] std::string read_string();
  /// An array of numbers, replacing `out`. Errors: more than `limits::dimension_max`; `out` is
  /// empty then, and after any other failure.
  void read_floats(std::vector<float>& out);
  /// Any value as compact text: no spaces, numbers as written, no escape that is not needed.
  /// Errors: more than `bytes_max` of it; an object in it that has a key twice.
  void read_compact(std::string& out, std::size_t bytes_max);
  /// Passes any value.
  void skip();

  /// A value's beginning, to come back to with `rewind` from within it or just behind it.
  struct mark {
    std::uint32_t at;
    std::uint32_t shown;
    std::size_t depth;
    std::uint64_t count;
  };
  [[nodiscard]] mark here() const noexcept;
  void rewind(const mark& place) noexcept;

  /// The outcome of the whole reading.
  [[nodiscard]] result<void> finish();

  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  /// Ends the reading with a failure at the current value; later ones are ignored.
  void fail(errc code, std::string_view message);
  /// `fail` for a value of the wrong kind: "expected ..., found ...".
  void fail_expected(std::string_view expected);

 private:
  struct frame {
    std::string_view key;  // for messages
    std::uint64_t count = 0;
    std::uint32_t behind = 0;
    bool object = false;
    std::uint32_t first = 0;  // what it begins with
  };

  bool push(bool object);
  bool pop();
  [[nodiscard]] bool occurred(std::string_view key) const noexcept;
  [[nodiscard]] std::uint32_t repeated_key(std::uint32_t object) const;
  void take(std::uint32_t index) noexcept;
  bool float_at(std::uint32_t index, float& value);
  std::uint32_t emit(std::uint32_t index, std::string& out) const;
  void fail_parse(std::size_t depth_max);
  void trace_open_containers();
  void fail_at(std::size_t offset, errc code, std::string_view message);
  [[nodiscard]] bool placed(std::uint32_t index) const noexcept;
  [[nodiscard]] std::string path() const;

  std::string_view text_;
  json_tape tape_;
  std::uint32_t at_ = 0;
  std::uint32_t shown_ = json_tape::none;  // the token whose place a failure names
  std::size_t depth_ = 0;
  bool failed_ = false;
  std::array<frame, limits::json_depth_max> frames_;
  error failure_;
};

}  // namespace thespis::codec
