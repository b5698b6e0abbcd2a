// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace thespis::codec {

/// Appends JSON to a string. It sets commas between members by itself; the caller closes what it
/// opens. Text that is not UTF-8 cannot come in: the reader refuses it.
class json_writer {
 public:
  explicit json_writer(std::string& out) : out_(out) {}

  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return shut('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return shut(']'); }
  json_writer& key(std::string_view name);

  json_writer& string(std::string_view text);
  json_writer& boolean(bool value) { return raw(value ? "true" : "false"); }
  json_writer& null() { return raw("null"); }
  json_writer& number(std::unsigned_integral auto value) { return integer(value); }
  json_writer& number(std::signed_integral auto value) { return signed_integer(value); }
  /// The shortest text that reads back as the same float; null for NaN and infinities.
  json_writer& number(float value);
  json_writer& number(double value);
  json_writer& floats(std::span<const float> values);
  /// Text that is JSON already.
  json_writer& raw(std::string_view json);

 private:
  json_writer& open(char bracket);
  json_writer& shut(char bracket);
  json_writer& integer(std::uint64_t value);
  json_writer& signed_integer(std::int64_t value);
  void separate();

  std::string& out_;
  bool comma_ = false;  // a value stands before the next one
};

}  // namespace thespis::codec
