// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/json_text.hpp"
#include "core/payload_value.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using token_kind = json_token::kind;

constexpr std::size_t shown_bytes_max = 40;     // of the user's text in a message
constexpr double float_bound = 0x1.ffffffp127;  // what rounds to a float is below
constexpr auto no_place = std::string_view::npos;

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

json_reader::json_reader(std::string_view text, std::size_t depth_max)
    : text_(text), tape_(text, std::min(depth_max, limits::json_depth_max)) {
  if (tape_.ended() != json_tape::outcome::good)
    fail_parse(std::min(depth_max, limits::json_depth_max));
}

json_reader::kind json_reader::peek() const noexcept {
  if (failed_ || at_ == tape_.size()) return kind::none;
  switch (tape_[at_].is()) {
    case token_kind::object: return kind::object;
    case token_kind::array: return kind::array;
    case token_kind::string:
    case token_kind::escaped: return kind::string;
    case token_kind::integer:
    case token_kind::number: return kind::number;
    case token_kind::boolean: return kind::boolean;
    case token_kind::null: return kind::null;
  }
  return kind::none;
}

bool json_reader::placed(std::uint32_t index) const noexcept {
  if (index >= tape_.size()) return false;
  return tape_[index].is() == token_kind::string || tape_[index].is_number();
}

// Passes a value. A value without a place leaves the one of its key.
void json_reader::take(std::uint32_t index) noexcept {
  if (placed(index)) shown_ = index;
  at_ = tape_.behind(index);
}

bool json_reader::push(bool object) {
  frames_[depth_++] = frame{{}, 0, tape_.behind(at_), object, at_ + 1};
  ++at_;
  return true;
}

// Leaves the container if nothing of it is left.
bool json_reader::pop() {
  if (at_ != frames_[depth_ - 1].behind) return false;
  --depth_;
  shown_ = json_tape::none;
  return true;
}

bool json_reader::begin_object() {
  if (peek() == kind::object) return push(true);
  fail_expected("an object");
  return false;
}

bool json_reader::begin_array_of(std::size_t most, std::string_view what) {
  if (!begin_array()) return false;
  const std::size_t size = tape_[at_ - 1].begin;
  if (size <= most) return true;
  fail(errc::invalid_argument,
       std::to_string(size) + " " + std::string(what) + ", at most " + std::to_string(most));
  return false;
}

bool json_reader::begin_array() {
  if (peek() == kind::array) return push(false);
  fail_expected("an array");
  return false;
}

// True if the innermost object has `key` in front of the place that was reached.
bool json_reader::occurred(std::string_view key) const noexcept {
  for (auto at = frames_[depth_ - 1].first; at != at_; at = tape_.behind(at + 1))
    if (tape_.text_of(tape_[at]) == key) return true;
  return false;
}

bool json_reader::next_key(std::string_view& key) {
  if (failed_ || pop()) return false;
  auto& top = frames_[depth_ - 1];
  key = tape_.text_of(tape_[at_]);
  top.key = key;
  ++top.count;
  shown_ = json_tape::none;
  if (occurred(key)) {
    if (placed(at_)) shown_ = at_;
    fail(errc::invalid_argument, "this field occurs twice");
    return false;
  }
  take(at_);
  return true;
}

bool json_reader::next_element() {
  if (failed_ || pop()) return false;
  ++frames_[depth_ - 1].count;
  shown_ = placed(at_) ? at_ : json_tape::none;
  return true;
}

bool json_reader::read_null() {
  if (peek() != kind::null) return false;
  take(at_);
  return true;
}

bool json_reader::read_bool() {
  if (peek() != kind::boolean) {
    fail_expected("true or false");
    return false;
  }
  const bool value = tape_[at_].value != 0;
  take(at_);
  return value;
}

std::uint64_t json_reader::read_unsigned() {
  if (peek() != kind::number) {
    fail_expected("an unsigned integer");
    return 0;
  }
  const auto& token = tape_[at_];
  take(at_);
  if (token.is() == token_kind::integer) return token.value;
  fail(errc::invalid_argument, std::string(shown(tape_.text_of(token), shown_bytes_max)) +
                                   " is not an integer from 0 to 18446744073709551615");
  return 0;
}

std::int64_t json_reader::read_signed() {
  if (peek() != kind::number) {
    fail_expected("an integer");
    return 0;
  }
  const auto text = tape_.text_of(tape_[at_]);
  take(at_);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc{} && end == text.data() + text.size()) return value;
  fail(errc::invalid_argument, std::string(shown(text, shown_bytes_max)) +
                                   " is not an integer from -9223372036854775808 to "
                                   "9223372036854775807");
  return 0;
}

double json_reader::read_double() {
  if (peek() != kind::number) {
    fail_expected("a number");
    return 0;
  }
  const auto& token = tape_[at_];
  take(at_);
  const double real = nearest_double(tape_.text_of(token), token.real());
  if (std::isfinite(real)) return real;
  fail(errc::invalid_argument, std::string(shown(tape_.text_of(token), shown_bytes_max)) +
                                   " is out of the range of float64");
  return 0;
}

bool json_reader::float_at(std::uint32_t index, float& value) {
  const auto& token = tape_[index];
  const double real = token.real();
  if (std::abs(real) < float_bound) {
    value = static_cast<float>(real);
    return true;
  }
  value = 0;
  // Boost.JSON multiplies the digits with a power of ten, which for 0e999 makes 0 * infinity.
  if (std::isnan(real)) return true;
  shown_ = index;
  fail(errc::invalid_argument, std::string(shown(tape_.text_of(token), shown_bytes_max)) +
                                   " is out of the range of float32");
  return false;
}

float json_reader::read_float() {
  float value = 0;
  if (peek() != kind::number) {
    fail_expected("a number");
    return value;
  }
  const auto index = at_;
  take(index);
  (void)float_at(index, value);
  return value;
}

void json_reader::read_floats(std::vector<float>& out) {
  out.clear();
  if (!begin_array_of(limits::dimension_max, "numbers")) return;
  auto& top = frames_[depth_ - 1];
  const std::size_t size = tape_[at_ - 1].begin;
  out.resize(size);
  const auto first = at_;
  for (std::uint32_t i = 0; i < size; ++i) {
    const auto& token = tape_[first + i];
    if (token.is_number() && std::abs(token.real()) < float_bound) {
      out[i] = static_cast<float>(token.real());
      continue;
    }
    at_ = first + i;
    top.count = i + 1;
    shown_ = json_tape::none;
    if (!token.is_number()) fail_expected("a number");
    if (failed_ || !float_at(at_, out[i])) return out.clear();
  }
  at_ = top.behind;
  (void)pop();
}

std::string json_reader::read_string() {
  if (peek() != kind::string) {
    fail_expected("a string");
    return {};
  }
  const auto text = tape_.text_of(tape_[at_]);
  take(at_);
  return std::string(text);
}

// Writes a value and answers the index behind it. As deep as the text nests.
std::uint32_t json_reader::emit(std::uint32_t index, std::string& out) const {
  const auto& token = tape_[index];
  const auto behind = tape_.behind(index);
  switch (token.is()) {
    case token_kind::object:
      out += '{';
      for (auto at = index + 1; at != behind;) {
        if (at != index + 1) out += ',';
        at = emit(at, out);
        out += ':';
        at = emit(at, out);
      }
      out += '}';
      break;
    case token_kind::array:
      out += '[';
      for (auto at = index + 1; at != behind;) {
        if (at != index + 1) out += ',';
        at = emit(at, out);
      }
      out += ']';
      break;
    case token_kind::string: ((out += '"') += tape_.text_of(token)) += '"'; break;
    case token_kind::escaped: append_json_string(tape_.text_of(token), out); break;
    case token_kind::integer:
    case token_kind::number: out += tape_.text_of(token); break;
    case token_kind::boolean: out += token.value != 0 ? "true" : "false"; break;
    case token_kind::null: out += "null"; break;
  }
  return behind;
}

// Index of a key that `object` has twice, or none.
std::uint32_t json_reader::repeated_key(std::uint32_t object) const {
  constexpr std::uint32_t few = 16;
  const auto first = object + 1;
  const auto next = [&](std::uint32_t at) { return tape_.behind(at + 1); };
  const auto behind = tape_.behind(object);
  if (tape_[object].begin <= few) {
    for (auto at = first; at != behind; at = next(at))
      for (auto before = first; before != at; before = next(before))
        if (tape_.text_of(tape_[at]) == tape_.text_of(tape_[before])) return at;
    return json_tape::none;
  }
  std::vector<std::uint32_t> keys;
  for (auto at = first; at != behind; at = next(at)) keys.push_back(at);
  const auto text = [&](std::uint32_t at) { return tape_.text_of(tape_[at]); };
  std::sort(keys.begin(), keys.end(),
            [&](auto a, auto b) { return text(a) != text(b) ? text(a) < text(b) : a < b; });
  const auto found = std::adjacent_find(keys.begin(), keys.end(),
                                        [&](auto a, auto b) { return text(a) == text(b); });
  return found == keys.end() ? json_tape::none : found[1];
}

void json_reader::read_compact(std::string& out, std::size_t bytes_max) {
  if (peek() == kind::none) return fail_expected("a value");
  const auto refuse = [&](std::size_t bytes, std::string_view relation) {
    fail(errc::too_large, std::string(relation) + std::to_string(bytes) + " bytes, at most " +
                              std::to_string(bytes_max));
  };
  // Every token takes a byte at least, so that the search for repeated keys is bounded too.
  if (const std::size_t tokens = tape_.behind(at_) - at_; tokens > bytes_max)
    return refuse(tokens, "more than ");
  for (auto at = at_; at != tape_.behind(at_); ++at) {
    if (tape_[at].is() != token_kind::object) continue;
    const auto twice = repeated_key(at);
    if (twice == json_tape::none) continue;
    shown_ = twice;
    return fail(errc::invalid_argument,
                "'" + std::string(shown(tape_.text_of(tape_[twice]), shown_bytes_max)) +
                    "' occurs twice in one object");
  }
  const auto before = out.size();
  (void)emit(at_, out);
  take(at_);
  if (out.size() - before > bytes_max) refuse(out.size() - before, "");
}

void json_reader::skip() {
  if (peek() == kind::none) return fail_expected("a value");
  take(at_);
}

json_reader::mark json_reader::here() const noexcept {
  return {at_, shown_, depth_, depth_ == 0 ? 0 : frames_[depth_ - 1].count};
}

void json_reader::rewind(const mark& place) noexcept {
  if (failed_) return;
  at_ = place.at;
  shown_ = place.shown;
  depth_ = place.depth;
  if (depth_ > 0) frames_[depth_ - 1].count = place.count;
}

result<void> json_reader::finish() {
  if (!failed_ && at_ != tape_.size())
    fail_at(no_place, errc::internal, "the text was not read to its end");
  if (failed_) return failure_;
  return thespis::ok();
}

void json_reader::fail(errc code, std::string_view message) {
  if (!placed(shown_)) return fail_at(no_place, code, message);
  const auto& token = tape_[shown_];
  const std::size_t quote = token.is() == token_kind::string ? 1 : 0;
  fail_at(token.begin - quote, code, message);
}

void json_reader::fail_expected(std::string_view expected) {
  if (placed(at_)) shown_ = at_;
  fail(errc::invalid_argument,
       "expected " + std::string(expected) + ", found " + std::string(name_of(peek())));
}

void json_reader::fail_parse(std::size_t depth_max) {
  switch (tape_.ended()) {
    case json_tape::outcome::good: return;
    case json_tape::outcome::malformed:
      trace_open_containers();
      return fail_at(tape_.failed_at(), errc::invalid_argument,
                     "malformed JSON: " + tape_.failure());
    case json_tape::outcome::too_deep:
      trace_open_containers();
      return fail_at(tape_.failed_at(), errc::invalid_argument,
                     "nested " + std::to_string(depth_max + 1) + " levels deep, at most " +
                         std::to_string(depth_max));
    case json_tape::outcome::too_large:
      return fail_at(no_place, errc::too_large,
                     "JSON text of " + std::to_string(text_.size()) + " bytes, at most " +
                         std::to_string(limits::request_bytes_max));
  }
}

// Enters the containers that the parser was in when it failed, for the path in the message.
void json_reader::trace_open_containers() {
  const auto open = tape_.open_containers();
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto stop = i + 1 < open.size() ? open[i + 1] : tape_.size();
    auto& part = frames_[depth_++];
    part = frame{{}, 0, stop, tape_[open[i]].is() == token_kind::object, open[i] + 1};
    for (auto at = open[i] + 1; at < stop; ++part.count) {
      if (part.object) part.key = tape_.text_of(tape_[at++]);
      if (at < stop) at = tape_.behind(at);
    }
    if (!part.object) ++part.count;
  }
}

void json_reader::fail_at(std::size_t offset, errc code, std::string_view message) {
  if (failed_) return;
  std::string text;
  if (offset != no_place) {
    const auto before = text_.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto column = offset - (before.rfind('\n') + 1) + 1;
    text = "line " + std::to_string(line) + ", column " + std::to_string(column);
  }
  if (const auto where = path(); !where.empty()) (text += text.empty() ? "" : ", ") += where;
  if (!text.empty()) text += ": ";
  failure_ = error(code, text.append(message));
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
    text += shown(part.key, shown_bytes_max);
  }
  return text;
}

}  // namespace thespis::codec
