// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/payload_path.hpp"

#include <algorithm>
#include <charconv>

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis {

namespace {

using step = payload_path::step;

class path_reader {
 public:
  explicit path_reader(std::string_view text) : text_(text) {}

  result<std::vector<step>> read() {
    std::vector<step> steps;
    do {
      THESPIS_TRY(auto key, read_key());
      steps.push_back(std::move(key));
      while (next_is('[')) {
        THESPIS_TRY(auto part, read_brackets());
        steps.push_back(std::move(part));
      }
      if (steps.size() > limits::payload_path_parts_max)
        return error(errc::too_large, what() + std::to_string(steps.size()) + " parts, at most " +
                                          std::to_string(limits::payload_path_parts_max));
    } while (next_is('.'));
    if (at_ < text_.size()) return expected("'.' or '['");
    return steps;
  }

 private:
  result<step> read_key() {
    const bool quoted = next_is('"');
    const auto end = std::min(text_.find_first_of(quoted ? "\"" : ".[]\"", at_), text_.size());
    if (quoted && end == text_.size()) return expected("a closing quote");
    if (!quoted && end == at_) return expected("a key");
    step made;
    append_json_string(text_.substr(at_, end - at_), made.key);
    at_ = end + (quoted ? 1 : 0);
    return made;
  }

  result<step> read_brackets() {
    step made;
    made.is = step::kind::every;
    if (next_is(']')) return made;
    made.is = step::kind::element;
    const auto* const end = text_.data() + text_.size();
    const auto read = std::from_chars(text_.data() + at_, end, made.index);
    if (read.ec != std::errc{}) return expected("']' or the number of an element");
    at_ = static_cast<std::size_t>(read.ptr - text_.data());
    if (!next_is(']')) return expected("']'");
    return made;
  }

  bool next_is(char c) noexcept {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] std::string what() const { return "path '" + printable(text_) + "': "; }
  [[nodiscard]] error expected(std::string_view wanted) const {
    return {errc::invalid_argument,
            what() + "expected " + std::string(wanted) + " at position " + std::to_string(at_ + 1)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

result<payload_path> payload_path::parse(std::string_view text) {
  if (text.size() > limits::payload_path_bytes_max)
    return error(errc::too_large, "path of " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits::payload_path_bytes_max));
  payload_path path;
  THESPIS_TRY(path.steps, path_reader(text).read());
  path.text = text;
  return path;
}

}  // namespace thespis
