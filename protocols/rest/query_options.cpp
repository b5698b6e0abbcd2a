// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/query_options.hpp"

#include <algorithm>
#include <charconv>

#include "core/printable.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::rest {

namespace {

constexpr std::uint32_t timeout_s_max = 86'400;
constexpr std::size_t shown_bytes_max = 64;

// The beginning of text from a target, as a message names it.
std::string quoted(std::string_view text) {
  return "'" + printable(text.substr(0, shown_bytes_max)) + "'";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), value) != words.end();
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

error refusal(std::string_view key, std::string_view value, std::string_view expected) {
  return error(errc::invalid_argument, "query parameter '" + std::string(key) + "': " +
                                           quoted(value) + ", expected " + std::string(expected));
}

result<void> read_option(std::string_view key, std::string_view value, query_kind kind,
                         query_options& out) {
  if (key == "timeout" && kind != query_kind::none) {
    const auto seconds = parse_number(value);
    if (!seconds || *seconds == 0 || *seconds > timeout_s_max)
      return refusal(key, value, "1 to 86400 seconds");
    out.timeout_s = seconds;
    return ok();
  }
  if (key == "wait" && kind == query_kind::write) {
    if (!is_one_of(value, {"true", "false"})) return refusal(key, value, "true or false");
    out.wait = value == "true";
    return ok();
  }
  // One writer applies the writes of a collection in order, so every ordering holds.
  if (key == "ordering" && kind == query_kind::write) {
    if (is_one_of(value, {"weak", "medium", "strong"})) return ok();
    return refusal(key, value, "weak, medium or strong");
  }
  // There is one copy of the data, so every consistency holds.
  if (key == "consistency" && kind == query_kind::read) {
    if (is_one_of(value, {"majority", "quorum", "all"}) || parse_number(value)) return ok();
    return refusal(key, value, "a number, majority, quorum or all");
  }
  return error(errc::invalid_argument, "unknown query parameter " + quoted(key));
}

}  // namespace

result<std::string> percent_decode(std::string_view text) {
  const auto broken = [&] {
    return error(errc::invalid_argument, "target: " + quoted(text) + " is not UTF-8 in %XX form");
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return broken();
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return broken();
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!codec::is_utf8(out) || out.find('\0') != std::string::npos) return broken();
  return out;
}

result<query_options> parse_query(std::string_view query, query_kind kind) {
  query_options out;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    THESPIS_TRY(const auto key, percent_decode(pair.substr(0, equals)));
    std::string value;
    if (equals != std::string_view::npos) {
      THESPIS_TRY(value, percent_decode(pair.substr(equals + 1)));
    }
    THESPIS_CHECK(read_option(key, value, kind, out));
  }
  return out;
}

}  // namespace thespis::rest
