// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/json_path.hpp"

#include <algorithm>
#include <charconv>

#include "core/limits.hpp"

namespace thespis {

namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  result<json_path> run() {
    json_path out;
    THESPIS_CHECK(key(out));
    while (at_ < text_.size()) {
      if (out.parts.size() == limits::payload_path_parts_max)
        return error(errc::too_large,
                     "more than " + std::to_string(limits::payload_path_parts_max) + " steps");
      if (take('.')) {
        THESPIS_CHECK(key(out));
      } else if (take('[')) {
        THESPIS_CHECK(element(out));
      } else {
        return expected("'.' or '['");
      }
    }
    return out;
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  error expected(std::string_view what) const {
    return error(errc::invalid_argument, "not a path to a payload field: expected " +
                                             std::string(what) + " at byte " +
                                             std::to_string(at_ + 1));
  }

  result<void> key(json_path& out) {
    if (take('"')) {
      const auto end = text_.find_first_of("\"\\", at_);
      if (end == std::string_view::npos || text_[end] == '\\') {
        at_ = std::min(end, text_.size());
        return expected("a double quote that ends the key");
      }
      out.parts.push_back({json_path::part::kind::key, std::string(text_, at_, end - at_), 0});
      at_ = end + 1;
      return ok();
    }
    const auto begin = at_;
    while (at_ < text_.size() && plain(text_[at_])) ++at_;
    if (at_ == begin)
      return expected("a key (letters, digits, '_', '-'; any other in double quotes)");
    out.parts.push_back({json_path::part::kind::key, std::string(text_, begin, at_ - begin), 0});
    return ok();
  }

  result<void> element(json_path& out) {
    if (take(']')) {
      out.parts.push_back({json_path::part::kind::every, {}, 0});
      return ok();
    }
    std::uint32_t index = 0;
    const auto* first = text_.data() + at_;
    const auto [end, failure] = std::from_chars(first, text_.data() + text_.size(), index);
    if (failure != std::errc{}) return expected("']' or an index from 0 to 4294967295");
    at_ += static_cast<std::size_t>(end - first);
    if (!take(']')) return expected("']'");
    out.parts.push_back({json_path::part::kind::index, {}, index});
    return ok();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

result<json_path> json_path::parse(std::string_view text) {
  if (text.size() > limits::payload_path_bytes_max)
    return error(errc::too_large, "a path of " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits::payload_path_bytes_max));
  return parser(text).run();
}

std::string json_path::text() const {
  std::string out;
  for (const auto& step : parts) {
    switch (step.is) {
      case part::kind::index: out += '[' + std::to_string(step.index) + ']'; break;
      case part::kind::every: out += "[]"; break;
      case part::kind::key: {
        if (!out.empty()) out += '.';
        const bool bare = !step.key.empty() && std::all_of(step.key.begin(), step.key.end(), plain);
        out += bare ? step.key : '"' + step.key + '"';
        break;
      }
    }
  }
  return out;
}

json_path json_path::into_elements() const {
  json_path out = *this;
  if (out.parts.empty() || out.parts.back().is != part::kind::every)
    out.parts.push_back({part::kind::every, {}, 0});
  return out;
}

}  // namespace thespis
