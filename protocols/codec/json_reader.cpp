// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_reader.hpp"

#include <algorithm>

#include "protocols/codec/json_number.hpp"

namespace thespis::codec {

namespace {

constexpr std::size_t shown_bytes_max = 40;  // of the user's text in a message

std::string_view name_of(json_reader::kind kind) {
  switch (kind) {
    case json_reader::kind::object: return "an object";
    case json_reader::kind::array: return "an array";
    case json_reader::kind::string: return "a string";
    case json_reader::kind::number: return "a number";
    case json_reader::kind::boolean: return "a boolean";
    case json_reader::kind::null: return "null";
    case json_reader::kind::none: return "no value";
  }
  return "no value";
}

}  // namespace

json_reader::json_reader(std::string_view text, std::size_t depth_max) noexcept
    : begin_(text.data()),
      at_(text.data()),
      end_(text.data() + text.size()),
      depth_max_(std::min(depth_max, limits::json_depth_max)) {}

void json_reader::skip_spaces() noexcept {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

json_reader::kind json_reader::peek() noexcept {
  if (failed_) return kind::none;
  skip_spaces();
  if (at_ == end_) return kind::none;
  switch (*at_) {
    case '{': return kind::object;
    case '[': return kind::array;
    case '"': return kind::string;
    case 't':
    case 'f': return kind::boolean;
    case 'n': return kind::null;
    case '-': return kind::number;
    default: return *at_ >= '0' && *at_ <= '9' ? kind::number : kind::none;
  }
}

bool json_reader::push(bool object) {
  if (depth_ >= depth_max_) {
    fail(errc::too_large, "nested deeper than " + std::to_string(depth_max_) + " levels");
    return false;
  }
  frames_[depth_++] = frame{{}, 0, object};
  ++at_;
  return true;
}

bool json_reader::begin_object() {
  if (peek() == kind::object) return push(true);
  fail_expected("an object");
  return false;
}

bool json_reader::begin_array() {
  if (peek() == kind::array) return push(false);
  fail_expected("an array");
  return false;
}

// Passes the comma before the next member, or leaves the container.
bool json_reader::close(char bracket) {
  skip_spaces();
  auto& top = frames_[depth_ - 1];
  if (at_ != end_ && *at_ == bracket) {
    ++at_;
    --depth_;
    return true;
  }
  if (top.count == 0) return false;
  if (at_ == end_ || *at_ != ',') {
    fail_syntax(bracket == '}' ? "',' or '}'" : "',' or ']'");
    return true;
  }
  ++at_;
  return false;
}

bool json_reader::next_key(std::string_view& key) {
  if (failed_ || close('}')) return false;
  skip_spaces();
  if (at_ == end_ || *at_ != '"') {
    fail_syntax("a key in double quotes");
    return false;
  }
  bool escaped = false;
  std::string_view inside;
  if (!raw_string(inside, escaped)) return false;
  skip_spaces();
  if (at_ == end_ || *at_ != ':') {
    fail_syntax("':'");
    return false;
  }
  ++at_;
  auto& top = frames_[depth_ - 1];
  top.key = inside;
  ++top.count;
  key = inside;
  if (!escaped) return true;
  if (!unescape(inside, scratch_)) return false;
  key = scratch_;
  return true;
}

bool json_reader::next_element() {
  if (failed_ || close(']')) return false;
  ++frames_[depth_ - 1].count;
  return true;
}

bool json_reader::literal(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() ||
      std::string_view(at_, word.size()) != word) {
    fail_syntax("a value");
    return false;
  }
  at_ += word.size();
  return true;
}

bool json_reader::read_null() { return peek() == kind::null && literal("null"); }

bool json_reader::read_bool() {
  if (peek() != kind::boolean) {
    fail_expected("true or false");
    return false;
  }
  const bool value = *at_ == 't';
  return literal(value ? "true" : "false") && value;
}

std::uint64_t json_reader::read_unsigned() {
  if (peek() != kind::number) {
    fail_expected("an unsigned integer");
    return 0;
  }
  const char* const start = at_;
  std::uint64_t value = 0;
  const auto outcome = read_integer(at_, end_, value);
  if (outcome == number_outcome::good) return value;
  if (outcome == number_outcome::malformed) {
    fail_syntax("a digit");
    return 0;
  }
  const std::string text(start, std::min<std::size_t>(at_ - start, shown_bytes_max));
  fail_at(start, errc::invalid_argument,
          text + " is not an integer from 0 to 18446744073709551615");
  return 0;
}

bool json_reader::float_at(float& value) {
  const char* const start = at_;
  const auto outcome = read_number(at_, end_, value);
  if (outcome == number_outcome::good) return true;
  if (outcome == number_outcome::malformed) {
    fail_syntax("a number");
    return false;
  }
  const std::string text(start, std::min<std::size_t>(at_ - start, shown_bytes_max));
  fail_at(start, errc::invalid_argument, text + " is out of the range of float32");
  return false;
}

float json_reader::read_float() {
  float value = 0;
  if (peek() == kind::number)
    (void)float_at(value);
  else
    fail_expected("a number");
  return failed_ ? 0 : value;
}

void json_reader::read_floats(std::vector<float>& out) {
  // One buffer per thread grows to the longest vector seen; the caller's is then sized once.
  thread_local std::vector<float> buffer;
  auto& values = buffer;
  values.clear();
  if (!begin_array()) return;
  auto& count = frames_[depth_ - 1].count;
  // Most lists are written without spaces: their numbers follow each other in the inner loop.
  const auto number_follows = [this] {
    return end_ - at_ > 1 && at_[0] == ',' && (at_[1] == '-' || (at_[1] >= '0' && at_[1] <= '9'));
  };
  while (next_element()) {
    if (peek() != kind::number) return fail_expected("a number");
    for (;;) {
      if (values.size() == limits::dimension_max)
        return fail(errc::too_large,
                    "more than " + std::to_string(limits::dimension_max) + " numbers");
      float value = 0;
      if (!float_at(value)) return;
      values.push_back(value);
      if (!number_follows()) break;
      ++at_;
      ++count;
    }
  }
  if (!failed_) out.assign(values.begin(), values.end());
}

std::string json_reader::read_string() {
  std::string out;
  if (peek() != kind::string) {
    fail_expected("a string");
    return out;
  }
  std::string_view inside;
  bool escaped = false;
  if (!raw_string(inside, escaped)) return out;
  if (!escaped)
    out = inside;
  else if (!unescape(inside, out))
    out.clear();
  return out;
}

void json_reader::read_compact(std::string& out) {
  const kind next = peek();
  const char* const start = at_;
  std::string_view text;
  bool escaped = false;
  switch (next) {
    case kind::object:
      if (!push(true)) return;
      out += '{';
      while (next_key(text)) {
        if (frames_[depth_ - 1].count > 1) out += ',';
        (out += '"').append(frames_[depth_ - 1].key) += "\":";
        read_compact(out);
      }
      out += '}';
      return;
    case kind::array:
      if (!push(false)) return;
      out += '[';
      while (next_element()) {
        if (frames_[depth_ - 1].count > 1) out += ',';
        read_compact(out);
      }
      out += ']';
      return;
    case kind::string:
      if (raw_string(text, escaped)) out.append(start, at_);
      return;
    case kind::number:
      if (!pass_number(at_, end_)) return fail_syntax("a digit");
      out.append(start, at_);
      return;
    case kind::boolean:
    case kind::null:
      if (literal(*at_ == 't' ? "true" : *at_ == 'f' ? "false" : "null")) out.append(start, at_);
      return;
    case kind::none: return fail_syntax("a value");
  }
}

void json_reader::skip() {
  std::string dropped;
  read_compact(dropped);
}

json_reader::mark json_reader::here() const noexcept {
  return {at_, depth_, depth_ == 0 ? 0 : frames_[depth_ - 1].count};
}

void json_reader::rewind(const mark& place) noexcept {
  if (failed_) return;
  at_ = place.at;
  depth_ = place.depth;
  if (depth_ > 0) frames_[depth_ - 1].count = place.count;
}

result<void> json_reader::finish() {
  if (!failed_) {
    skip_spaces();
    if (at_ != end_) fail_syntax("the end of the text");
  }
  if (failed_) return failure_;
  return thespis::ok();
}

void json_reader::fail(errc code, std::string_view message) { fail_at(at_, code, message); }

void json_reader::fail_expected(std::string_view expected) {
  if (failed_) return;
  const kind found = peek();
  if (found == kind::none) return fail_syntax(expected);
  fail(errc::invalid_argument,
       "expected " + std::string(expected) + ", found " + std::string(name_of(found)));
}

void json_reader::fail_syntax(std::string_view expected) {
  if (at_ == end_)
    fail(errc::invalid_argument,
         "malformed JSON: the text ends where " + std::string(expected) + " was expected");
  else
    fail(errc::invalid_argument, "malformed JSON: expected " + std::string(expected));
}

void json_reader::fail_at(const char* place, errc code, std::string_view message) {
  if (failed_) return;
  const auto line = 1 + std::count(begin_, place, '\n');
  const char* line_begin = place;
  while (line_begin != begin_ && line_begin[-1] != '\n') --line_begin;
  std::string text =
      "line " + std::to_string(line) + ", column " + std::to_string(place - line_begin + 1);
  if (const auto where = path(); !where.empty()) text += ", " + where;
  failure_ = error(code, text + ": " + std::string(message));
  failed_ = true;
}

std::string json_reader::path() const {
  std::string text;
  for (std::size_t i = 0; i < depth_; ++i) {
    const auto& part = frames_[i];
    if (part.count == 0) break;
    if (!part.object) {
      text += "[" + std::to_string(part.count - 1) + "]";
      continue;
    }
    if (!text.empty()) text += '.';
    text += part.key.substr(0, shown_bytes_max);
  }
  return text;
}

}  // namespace thespis::codec
