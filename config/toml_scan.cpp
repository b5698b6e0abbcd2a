// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/toml_scan.hpp"

#include <algorithm>

namespace thespis::config {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t quotes_of_long_text = 3;
constexpr auto none = std::string_view::npos;

std::size_t quotes_at(std::string_view text, std::size_t at, std::size_t most) {
  std::size_t count = 0;
  while (count < most && at + count < text.size() && text[at + count] == text[at]) ++count;
  return count;
}

bool is_beyond_ascii(std::string_view text, std::size_t at) {
  return at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80;
}

// One past the text in quotes that begins at `at`, or the end. `odd` becomes the place of a
// character beyond ASCII behind white space that a backslash swallows, if there is one.
std::size_t behind_quoted(std::string_view text, std::size_t at, std::size_t& odd) {
  const char quote = text[at];
  const auto opening = quotes_at(text, at, quotes_of_long_text);
  if (opening == 2) return at + 2;
  const bool is_long = opening == quotes_of_long_text;
  for (at += opening; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      const auto next = std::min(text.find_first_not_of(" \t\r\n", at + 1), text.size());
      if (is_long && next > at + 1) {
        if (odd == none && is_beyond_ascii(text, next)) odd = next;
        at = next - 1;
      } else {
        ++at;
      }
    } else if (text[at] == '\n' && !is_long) {
      return at;
    } else if (text[at] == quote) {
      if (!is_long) return at + 1;
      // The last three close it; two before them belong to it.
      const auto closing = quotes_at(text, at, quotes_of_long_text + 2);
      if (closing >= quotes_of_long_text) return at + closing;
      at += closing - 1;
    }
  }
  return text.size();
}

toml_fault fault_at(std::string_view text, std::size_t at, std::string_view what) {
  const auto before = text.substr(0, at);
  return {1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')), what};
}

}  // namespace

std::optional<toml_fault> find_toml_fault(std::string_view text) noexcept {
  constexpr std::string_view between_keys = "=,[]{}\n";
  constexpr std::string_view before_texts = " \t\r\n=,[{.";
  const std::size_t first = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  std::size_t at = first;
  for (std::size_t parts = 1; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"' || c == '\'') {
      // Within a word the parser does not take it for the beginning of a text.
      if (at > first && before_texts.find(text[at - 1]) == none)
        return fault_at(text, at, "a quote stands within a word");
      std::size_t odd = none;
      at = behind_quoted(text, at, odd);
      if (odd != none)
        return fault_at(text, odd,
                        "a character beyond ASCII follows white space behind a backslash");
      continue;
    }
    if (is_beyond_ascii(text, at))
      return fault_at(text, at, "a character beyond ASCII stands outside of a text");
    if (c == '.' && ++parts > toml_key_parts_max)
      return fault_at(text, at, "a key has too many parts");
    if (between_keys.find(c) != std::string_view::npos) parts = 1;
    ++at;
  }
  return std::nullopt;
}

}  // namespace thespis::config
