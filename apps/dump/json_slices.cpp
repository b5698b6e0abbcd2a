// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/dump/json_slices.hpp"

#include <algorithm>

#include "core/limits.hpp"

namespace thespis::dump {

namespace {

constexpr std::string_view spaces = " \t\r\n";

// A walk over the text of one container.
class slicer {
 public:
  explicit slicer(std::string_view text) : text_(text) { pass_spaces(); }

  bool open(char bracket) { return take(bracket); }

  // False behind the last one or at what is no JSON; `failed` tells the two apart.
  bool next(char closing) {
    const bool comma = count_ > 0 && take(',');
    if (count_++ > 0 && !comma) {
      failed_ = !take(closing) || at_ != text_.size();
      return false;
    }
    if (!comma && take(closing)) {
      failed_ = at_ != text_.size();
      return false;
    }
    return true;
  }

  // The key of a member without its quotes; passes the colon.
  std::string_view key() {
    const auto quoted = at_ < text_.size() && text_[at_] == '"' ? value() : std::string_view();
    if (quoted.size() < 2 || !take(':')) {
      failed_ = true;
      return {};
    }
    return quoted.substr(1, quoted.size() - 2);
  }

  std::string_view value() {
    const auto start = at_;
    std::size_t depth = 0;
    do {
      if (at_ >= text_.size()) return fail();
      const char c = text_[at_];
      if (c == '"') {
        if (!pass_string()) return fail();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return fail();
        --depth;
        ++at_;
      } else if (depth > 0) {
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(",]}: \t\r\n", at_), text_.size());
        if (at_ == start) return fail();
      }
    } while (depth > 0);
    const auto found = text_.substr(start, at_ - start);
    pass_spaces();
    return found;
  }

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] error failure() const {
    return error(errc::invalid_argument, "no JSON at byte " + std::to_string(at_));
  }

 private:
  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    pass_spaces();
    return true;
  }

  bool pass_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos) break;
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      ++at_;
    }
    at_ = text_.size();
    return false;
  }

  void pass_spaces() { at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size()); }

  std::string_view fail() {
    failed_ = true;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  bool failed_ = false;
};

result<json_difference> compare(std::string_view first, std::string_view second,
                                const std::string& path, std::size_t depth) {
  if (first == second) return json_difference();
  const auto shown = [](std::string_view text) {
    return text.empty() ? std::string("nothing") : std::string(text.substr(0, 200));
  };
  const bool objects = first.starts_with('{') && second.starts_with('{');
  if (!objects || depth == 0) return json_difference{path, shown(first), shown(second)};
  THESPIS_TRY(const auto ours, json_members(first));
  THESPIS_TRY(const auto theirs, json_members(second));
  const auto below = [&](std::string_view key) {
    return (path.empty() ? path : path + ".") + std::string(key);
  };
  for (const auto& [key, value] : ours) {
    THESPIS_TRY(auto found, compare(value, member_of(theirs, key), below(key), depth - 1));
    if (!found.path.empty()) return found;
  }
  for (const auto& [key, value] : theirs)
    if (member_of(ours, key).empty()) return json_difference{below(key), shown({}), shown(value)};
  return json_difference();
}

}  // namespace

result<std::vector<json_member>> json_members(std::string_view object) {
  slicer in(object);
  std::vector<json_member> out;
  if (!in.open('{')) return in.failure();
  while (in.next('}')) {
    const auto key = in.key();
    if (in.failed()) return in.failure();
    out.emplace_back(key, in.value());
    if (in.failed()) return in.failure();
  }
  if (in.failed()) return in.failure();
  return out;
}

result<std::vector<std::string_view>> json_elements(std::string_view array) {
  slicer in(array);
  std::vector<std::string_view> out;
  if (!in.open('[')) return in.failure();
  while (in.next(']')) {
    out.push_back(in.value());
    if (in.failed()) return in.failure();
  }
  if (in.failed()) return in.failure();
  return out;
}

std::string_view member_of(const std::vector<json_member>& members, std::string_view key) noexcept {
  for (const auto& [name, value] : members)
    if (name == key) return value;
  return {};
}

result<json_difference> difference_of(std::string_view first, std::string_view second) {
  return compare(first, second, "", limits::json_depth_max);
}

}  // namespace thespis::dump
