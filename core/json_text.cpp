// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/json_text.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace thespis {

namespace {

constexpr auto nowhere = std::string_view::npos;

// Behind the string that begins at `at`; nowhere if it does not end.
std::size_t behind_string(std::string_view text, std::size_t at) noexcept {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return nowhere;
}

std::size_t behind_container(std::string_view text, std::size_t at) noexcept {
  std::size_t open = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = behind_string(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++open;
    if (c != '}' && c != ']') continue;
    if (--open == 0) return at;
  }
  return nowhere;
}

// Behind the value that begins at `at`; nowhere if there is none.
std::size_t behind_value(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return nowhere;
  if (text[at] == '"') return behind_string(text, at);
  if (text[at] == '{' || text[at] == '[') return behind_container(text, at);
  const auto end = std::min(text.find_first_of(",:]}", at), text.size());
  return end == at ? nowhere : end;
}

// Goes through what a container holds: `take(at)` passes one entry and tells where it ends. False
// if the text is not a container of that kind.
template <class Take>
bool each_entry(std::string_view text, char open, char shut, const Take& take) {
  if (text.size() < 2 || text.front() != open || text.back() != shut) return false;
  if (text.size() == 2) return true;
  for (std::size_t at = 1;;) {
    at = take(at);
    if (at >= text.size()) return false;
    if (at == text.size() - 1) return true;
    if (text[at++] != ',') return false;
  }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  const auto plain = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  };
  if (std::all_of(text.begin(), text.end(), plain))
    ((out += '"') += text) += '"';
  else
    out += boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::optional<std::vector<json_member>> json_members(std::string_view text) {
  std::vector<json_member> members;
  const bool good = each_entry(text, '{', '}', [&](std::size_t at) {
    const auto colon = text[at] == '"' ? behind_string(text, at) : nowhere;
    if (colon >= text.size() || text[colon] != ':') return nowhere;
    const auto end = behind_value(text, colon + 1);
    if (end != nowhere)
      members.push_back({text.substr(at, colon - at), text.substr(colon + 1, end - colon - 1)});
    return end;
  });
  if (!good) return std::nullopt;
  return members;
}

std::optional<std::vector<std::string_view>> json_elements(std::string_view text) {
  std::vector<std::string_view> elements;
  const bool good = each_entry(text, '[', ']', [&](std::size_t at) {
    const auto end = behind_value(text, at);
    if (end != nowhere) elements.push_back(text.substr(at, end - at));
    return end;
  });
  if (!good) return std::nullopt;
  return elements;
}

std::size_t json_depth(std::string_view text) noexcept {
  std::size_t open = 0;
  std::size_t deepest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = behind_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') deepest = std::max(deepest, ++open);
    if (c == '}' || c == ']') --open;
    ++at;
  }
  return deepest;
}

}  // namespace thespis
