// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/payload_edit.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/json_text.hpp"
#include "core/limits.hpp"

namespace thespis {

namespace {

/// A step of a path.
struct step {
  json_path::part::kind is = json_path::part::kind::key;
  std::string key;  // as it stands in compact JSON, with its quotes
  std::uint32_t index = 0;
};
using kind = json_path::part::kind;
using steps = std::span<const step>;

std::vector<step> steps_of(const json_path& path) {
  std::vector<step> made;
  for (const auto& part : path.parts) {
    auto& next = made.emplace_back(step{part.is, {}, part.index});
    if (part.is == kind::key) append_json_string(part.key, next.key);
  }
  return made;
}

std::string_view text_of(const payload& value) noexcept {
  return value.empty() ? std::string_view("{}") : std::string_view(value.json);
}

void add_member(std::string& out, std::string_view key, std::string_view value) {
  out += out.size() > 1 ? "," : "";
  ((out += key) += ':') += value;
}

// Takes over the members of `more` into `object`; what is no object counts as an empty one.
std::string merged(std::string_view object, std::string_view more) {
  const auto old = json_members(object).value_or(std::vector<json_member>());
  const auto fresh = json_members(more).value_or(std::vector<json_member>());
  std::unordered_map<std::string_view, std::string_view> left;
  for (const auto& [key, value] : fresh) left.emplace(key, value);
  std::string out = "{";
  for (const auto& [key, value] : old) {
    const auto found = left.find(key);
    if (found == left.end()) {
      add_member(out, key, value);
      continue;
    }
    if (found->second != "null") add_member(out, key, found->second);
    left.erase(found);
  }
  for (const auto& [key, value] : fresh)
    if (value != "null" && left.contains(key)) add_member(out, key, value);
  return out += '}';
}

// What stands at the end of the way: from what was there, if anything was.
using leaf = std::function<std::string(std::optional<std::string_view>)>;

std::optional<std::string> set_at(std::optional<std::string_view> value, steps way,
                                  const leaf& at_end);

std::optional<std::string> set_member(std::optional<std::string_view> value, steps way,
                                      const leaf& at_end) {
  const auto members = json_members(value.value_or("{}")).value_or(std::vector<json_member>());
  const auto& wanted = way.front().key;
  std::string out = "{";
  bool there = false;
  for (const auto& [key, old] : members) {
    if (key != wanted) {
      add_member(out, key, old);
      continue;
    }
    there = true;
    add_member(out, key, set_at(old, way.subspan(1), at_end).value_or(std::string(old)));
  }
  if (!there) {
    const auto made = set_at(std::nullopt, way.subspan(1), at_end);
    if (!made) return std::nullopt;
    add_member(out, wanted, *made);
  }
  return out += '}';
}

std::optional<std::string> set_elements(std::optional<std::string_view> value, steps way,
                                        const leaf& at_end) {
  const auto elements = value ? json_elements(*value) : std::nullopt;
  if (!elements) return std::nullopt;
  const bool all = way.front().is == kind::every;
  std::string out = "[";
  for (std::size_t i = 0; i < elements->size(); ++i) {
    if (i > 0) out += ',';
    const auto old = (*elements)[i];
    if (!all && i != way.front().index)
      out += old;
    else
      out += set_at(old, way.subspan(1), at_end).value_or(std::string(old));
  }
  return out += ']';
}

// The value with the end of the way set; none if the way leads nowhere.
std::optional<std::string> set_at(std::optional<std::string_view> value, steps way,
                                  const leaf& at_end) {
  if (way.empty()) return at_end(value);
  return way.front().is == kind::key ? set_member(value, way, at_end)
                                     : set_elements(value, way, at_end);
}

void remove_from(std::string_view value, std::span<const steps> ways, std::string& out);

void remove_members(const std::vector<json_member>& members, std::span<const steps> ways,
                    std::string& out) {
  std::unordered_map<std::string_view, std::vector<steps>> below;
  for (const auto& way : ways)
    if (way.front().is == kind::key) below[way.front().key].push_back(way.subspan(1));
  out += '{';
  bool first = true;
  for (const auto& [key, value] : members) {
    const auto found = below.find(key);
    const auto ends = [](const steps& way) { return way.empty(); };
    if (found != below.end() && std::any_of(found->second.begin(), found->second.end(), ends))
      continue;
    if (!std::exchange(first, false)) out += ',';
    (out += key) += ':';
    if (found == below.end())
      out += value;
    else
      remove_from(value, found->second, out);
  }
  out += '}';
}

void remove_elements(const std::vector<std::string_view>& elements, std::span<const steps> ways,
                     std::string& out) {
  out += '[';
  for (const auto& way : ways)
    if (way.size() == 1 && way.front().is == kind::every) {
      out += ']';
      return;
    }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += ',';
    std::vector<steps> below;
    for (const auto& way : ways)
      if (way.front().is == kind::every ||
          (way.front().is == kind::index && way.front().index == i))
        below.push_back(way.subspan(1));
    remove_from(elements[i], below, out);
  }
  out += ']';
}

// Appends `value` without what the ways lead to; none of them is empty.
void remove_from(std::string_view value, std::span<const steps> ways, std::string& out) {
  const auto members = ways.empty() ? std::nullopt : json_members(value);
  if (members) return remove_members(*members, ways, out);
  const auto elements = ways.empty() ? std::nullopt : json_elements(value);
  if (elements) return remove_elements(*elements, ways, out);
  out += value;
}

result<void> check_stored(const payload& stored) {
  if (json_members(text_of(stored))) return ok();
  return error(errc::corruption, "the stored payload is not a JSON object");
}

result<payload> checked(std::string&& json) {
  if (json.size() > limits::payload_bytes_max)
    return error(errc::too_large, "payload would have " + std::to_string(json.size()) +
                                      " bytes, at most " +
                                      std::to_string(limits::payload_bytes_max));
  if (const auto depth = json_depth(json); depth > limits::json_depth_max)
    return error(errc::too_large, "payload would nest " + std::to_string(depth) +
                                      " levels deep, at most " +
                                      std::to_string(limits::json_depth_max));
  if (json == "{}") json.clear();
  return payload{std::move(json)};
}

result<payload> set_where(const payload& stored, const json_path& where, const leaf& at_end) {
  THESPIS_CHECK(check_stored(stored));
  const auto way = steps_of(where);
  auto made = set_at(text_of(stored), way, at_end);
  if (!made) return stored;
  return checked(std::move(*made));
}

}  // namespace

result<payload> merge_payload(const payload& stored, const payload& more,
                              const std::optional<json_path>& where) {
  const auto merge = [&](std::optional<std::string_view> old) {
    return merged(old.value_or("{}"), text_of(more));
  };
  if (where) return set_where(stored, *where, merge);
  THESPIS_CHECK(check_stored(stored));
  return checked(merge(text_of(stored)));
}

result<payload> replace_payload(const payload& stored, const payload& instead,
                                const std::optional<json_path>& where) {
  if (!where) return checked(std::string(text_of(instead)));
  return set_where(stored, *where,
                   [&](std::optional<std::string_view>) { return std::string(text_of(instead)); });
}

result<payload> remove_keys(const payload& stored, std::span<const json_path> paths) {
  THESPIS_CHECK(check_stored(stored));
  std::vector<std::vector<step>> whole;
  for (const auto& path : paths) whole.push_back(steps_of(path));
  const std::vector<steps> ways(whole.begin(), whole.end());
  std::string out;
  remove_from(text_of(stored), ways, out);
  return checked(std::move(out));
}

result<void> check_removable(const json_path& path) {
  if (path.parts.back().is != kind::index) return ok();
  return error(errc::invalid_argument,
               "path '" + path.text() +
                   "' names one element of an array, which cannot be removed; '[]' empties it");
}

}  // namespace thespis
