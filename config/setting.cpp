// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/setting.hpp"

#include "core/printable.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace thespis::config {

namespace {

struct size_unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<size_unit, 10> size_units = {{
    {"", 1},
    {"B", 1},
    {"kB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
    {"KiB", 1ull << 10},
    {"MiB", 1ull << 20},
    {"GiB", 1ull << 30},
    {"TiB", 1ull << 40},
}};

member_pointer member_of(const setting& row, settings& of) { return row.member(of); }

bool is_number(const member_pointer& member) {
  return std::holds_alternative<std::size_t*>(member) ||
         std::holds_alternative<std::uint32_t*>(member);
}

bool is_list(const member_pointer& member) {
  return std::holds_alternative<std::vector<std::string>*>(member) ||
         std::holds_alternative<std::vector<std::filesystem::path>*>(member);
}

error refused(const setting& row, std::string_view value) {
  const auto shown = row.secret ? std::string("the value") : "'" + std::string(value) + "'";
  return error(errc::invalid_argument, shown + " is refused: expected " + row.range());
}

result<void> assign_unsigned(const setting& row, std::uint64_t value, settings& to) {
  const auto member = member_of(row, to);
  if (!is_number(member) || value < row.least || value > row.most)
    return refused(row, std::to_string(value));
  if (auto* const* size = std::get_if<std::size_t*>(&member)) **size = value;
  if (auto* const* small = std::get_if<std::uint32_t*>(&member))
    **small = static_cast<std::uint32_t>(value);
  return ok();
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    auto item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    out.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string setting::name() const { return std::string(section) + "." + std::string(key); }

std::string setting::variable() const {
  auto out = "THESPIS__" + std::string(section) + "__" + std::string(key);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string setting::range() const {
  settings any;
  const auto at = member_of(*this, any);
  if (is_number(at)) {
    const auto bounds = std::to_string(least) + " to " + std::to_string(most);
    if (unit == "bytes") return "a size from " + bounds + " bytes, such as 1048576 or \"1MiB\"";
    return "a number from " + bounds + (unit.empty() ? "" : " " + std::string(unit));
  }
  if (is_list(at)) return "a list of texts that are not empty";
  if (choices.empty()) return "a text";
  std::string out = "one of";
  for (const auto choice : choices)
    out += std::string(choice == choices.front() ? " " : ", ") + std::string(choice);
  return out;
}

result<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::find_if(size_units.begin(), size_units.end(),
                                 [&](const size_unit& one) { return one.name == name; });
  if (failure != std::errc{} || unit == size_units.end() ||
      number > std::numeric_limits<std::uint64_t>::max() / unit->bytes)
    return error(errc::invalid_argument, "'" + std::string(text) + "' is no size");
  return number * unit->bytes;
}

result<void> assign_number(const setting& row, std::int64_t value, settings& to) {
  if (value < 0) return refused(row, std::to_string(value));
  return assign_unsigned(row, static_cast<std::uint64_t>(value), to);
}

result<void> assign_list(const setting& row, std::vector<std::string> values, settings& to) {
  const auto member = member_of(row, to);
  for (const auto& value : values)
    if (value.empty()) return refused(row, value);
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&member)) {
    **texts = std::move(values);
    return ok();
  }
  if (auto* const* paths = std::get_if<std::vector<std::filesystem::path>*>(&member)) {
    (*paths)->assign(values.begin(), values.end());
    return ok();
  }
  return refused(row, "a list");
}

result<void> assign_text(const setting& row, std::string_view text, settings& to) {
  const auto member = member_of(row, to);
  // Settings are shown as TOML and JSON, which carry nothing else.
  if (!is_utf8(text)) return refused(row, "text that is not UTF-8");
  if (is_list(member)) return assign_list(row, split(text), to);
  if (is_number(member)) {
    if (row.unit == "bytes") {
      const auto bytes = parse_bytes(text);
      return bytes ? assign_unsigned(row, *bytes, to) : refused(row, text);
    }
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return refused(row, text);
    return assign_unsigned(row, number, to);
  }
  if (text.find('\0') != std::string_view::npos) return refused(row, "text with a NUL byte");
  if (auto* const* path = std::get_if<std::filesystem::path*>(&member)) {
    if (text.empty()) return refused(row, text);
    **path = std::filesystem::path(text);
    return ok();
  }
  if (!row.choices.empty() &&
      std::find(row.choices.begin(), row.choices.end(), text) == row.choices.end())
    return refused(row, text);
  if (row.check != nullptr) THESPIS_CHECK(row.check(std::string(text)));
  *std::get<std::string*>(member) = std::string(text);
  return ok();
}

}  // namespace thespis::config
