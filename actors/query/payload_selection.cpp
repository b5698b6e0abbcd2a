// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/payload_selection.hpp"

#include <boost/json.hpp>
#include <string_view>

namespace thespis::actors {

namespace {

namespace json = boost::json;

/// Copies what `path` names from `from` to `into`, with the objects around it.
void include_path(const json::object& from, std::string_view path, json::object& into) {
  if (const auto* whole = from.if_contains(path)) {
    into[path] = *whole;
    return;
  }
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return;
  const auto* child = from.if_contains(path.substr(0, dot));
  if (child == nullptr || !child->is_object()) return;
  auto& slot = into[path.substr(0, dot)];
  if (!slot.is_object()) slot.emplace_object();
  include_path(child->get_object(), path.substr(dot + 1), slot.get_object());
}

void exclude_path(json::object& from, std::string_view path) {
  if (from.erase(path) > 0) return;
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return;
  auto* child = from.if_contains(path.substr(0, dot));
  if (child != nullptr && child->is_object())
    exclude_path(child->get_object(), path.substr(dot + 1));
}

}  // namespace

result<payload> select_payload(payload whole, const payload_selector& selector) {
  if (!selector.enabled) return payload{};
  if (whole.empty() || (selector.include.empty() && selector.exclude.empty())) return whole;
  boost::system::error_code failure;
  auto document = json::parse(whole.json, failure);
  if (failure || !document.is_object())
    return error(errc::corruption, "payload: the stored text is not a JSON object");
  json::object chosen;
  if (selector.include.empty()) {
    chosen = std::move(document.get_object());
  } else {
    for (const auto& path : selector.include) include_path(document.get_object(), path, chosen);
  }
  for (const auto& path : selector.exclude) exclude_path(chosen, path);
  return payload{json::serialize(chosen)};
}

}  // namespace thespis::actors
