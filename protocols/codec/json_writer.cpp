// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_writer.hpp"

#include <charconv>
#include <cmath>

#include "core/json_text.hpp"

namespace thespis::codec {

namespace {

constexpr std::size_t float_chars_max = 24;  // "-1.1754944e-38" and some room
constexpr std::size_t number_chars_max = 32;

template <class Number>
void append_number(Number value, std::string& out) {
  char text[number_chars_max];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

// Many readers take "-0" for an integer, which has no negative zero.
template <class Number>
std::string_view fraction_of(Number value) noexcept {
  return value == 0 && std::signbit(value) ? ".0" : "";
}

}  // namespace

void json_writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  return *this;
}

json_writer& json_writer::shut(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

json_writer& json_writer::key(std::string_view name) {
  separate();
  append_json_string(name, out_);
  out_ += ':';
  comma_ = false;
  return *this;
}

json_writer& json_writer::string(std::string_view text) {
  separate();
  append_json_string(text, out_);
  return *this;
}

json_writer& json_writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

json_writer& json_writer::integer(std::uint64_t value) {
  separate();
  append_number(value, out_);
  return *this;
}

json_writer& json_writer::signed_integer(std::int64_t value) {
  separate();
  append_number(value, out_);
  return *this;
}

json_writer& json_writer::number(float value) {
  if (!std::isfinite(value)) return null();
  separate();
  append_number(value, out_);
  out_.append(fraction_of(value));
  return *this;
}

json_writer& json_writer::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  append_number(value, out_);
  out_.append(fraction_of(value));
  return *this;
}

json_writer& json_writer::floats(std::span<const float> values) {
  begin_array();
  const auto start = out_.size();
  out_.resize(start + values.size() * float_chars_max);
  char* at = out_.data() + start;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) *at++ = ',';
    at = std::to_chars(at, at + float_chars_max - 1, values[i]).ptr;
    for (const char more : fraction_of(values[i])) *at++ = more;
  }
  out_.resize(static_cast<std::size_t>(at - out_.data()));
  return end_array();
}

}  // namespace thespis::codec
