// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/routes.hpp"

#include <array>
#include <optional>

namespace thespis::rest {

namespace {

using http::method;
namespace at = handlers;

constexpr auto no_body = body_kind::none;
constexpr auto json = body_kind::json;
constexpr auto any = body_kind::json_or_binary;
constexpr auto none = query_kind::none;
constexpr auto read = query_kind::read;
constexpr auto write = query_kind::write;
constexpr auto admin = query_kind::admin;
constexpr auto open = http::admission::open;
constexpr auto probe = http::admission::probe;
constexpr auto reads = http::admission::read;
constexpr auto writes = http::admission::write;

constexpr route table[] = {
    {method::get, "/", "root", no_body, none, open, at::root},
    {method::get, "/healthz", "healthz", no_body, none, open, at::alive},
    {method::get, "/health", "healthz", no_body, none, open, at::alive},
    {method::get, "/livez", "livez", no_body, none, open, at::alive},
    {method::get, "/readyz", "readyz", no_body, none, open, at::ready},
    {method::get, "/ready", "readyz", no_body, none, open, at::ready},
    {method::get, "/health/deep", "deep_health", no_body, admin, probe, at::deep_health},
    {method::get, "/version", "version", no_body, none, probe, at::version},
    {method::get, "/telemetry", "telemetry", no_body, none, probe, at::telemetry},
    {method::get, "/metrics", "metrics", no_body, none, probe, at::metrics},

    {method::get, "/aliases", "list_aliases", no_body, none, reads, at::list_aliases},
    {method::post, "/collections/aliases", "change_aliases", json, admin, writes,
     at::change_aliases},
    {method::get, "/collections", "list_collections", no_body, none, reads, at::list_collections},
    {method::put, "/collections/{collection}", "create_collection", json, admin, writes,
     at::create_collection},
    {method::get, "/collections/{collection}", "collection_info", no_body, none, reads,
     at::collection_info},
    {method::patch, "/collections/{collection}", "update_collection", json, admin, writes,
     at::update_collection},
    {method::del, "/collections/{collection}", "drop_collection", no_body, admin, writes,
     at::drop_collection},
    {method::get, "/collections/{collection}/exists", "collection_exists", no_body, none, reads,
     at::collection_exists},
    {method::post, "/collections/{collection}/reopen", "reopen_collection", no_body, admin, writes,
     at::reopen_collection},
    {method::post, "/collections/{collection}/index/check", "check_indexes", json, admin, writes,
     at::check_indexes},

    {method::get, "/collections/{collection}/aliases", "collection_aliases", no_body, none, reads,
     at::list_aliases},
    {method::post, "/collections/{collection}/rename", "rename_collection", json, admin, writes,
     at::rename_collection},
    {method::post, "/collections/{collection}/truncate", "truncate_collection", json, admin, writes,
     at::truncate_collection},
    {method::post, "/collections/{collection}/copy", "copy_collection", json, write, writes,
     at::copy_collection},
    {method::get, "/collections/{collection}/copies", "collection_copies", no_body, none, reads,
     at::list_copies},
    {method::get, "/collections/{collection}/operations/{id}", "one_operation", no_body, read,
     reads, at::one_operation},

    {method::put, "/collections/{collection}/vectors/{vector}", "add_vector", json, write, writes,
     at::add_vector},
    {method::del, "/collections/{collection}/vectors/{vector}", "drop_vector", no_body, write,
     writes, at::drop_vector},

    {method::put, "/collections/{collection}/points", "upsert_points", any, write, writes,
     at::upsert_points, true},
    {method::post, "/collections/{collection}/points", "many_points", json, read, reads,
     at::many_points},
    {method::get, "/collections/{collection}/points/{id}", "one_point", no_body, read, reads,
     at::one_point},
    {method::get, "/collections/{collection}/points/{id}/exists", "point_exists", no_body, read,
     reads, at::point_exists},
    {method::post, "/collections/{collection}/points/ids", "point_ids", json, read, reads,
     at::point_ids},
    {method::post, "/collections/{collection}/points/delete", "delete_points", json, write, writes,
     at::delete_points},
    {method::post, "/collections/{collection}/points/payload", "set_payload", json, write, writes,
     at::set_payload, true},
    {method::put, "/collections/{collection}/points/payload", "overwrite_payload", json, write,
     writes, at::overwrite_payload, true},
    {method::post, "/collections/{collection}/points/payload/delete", "delete_payload", json, write,
     writes, at::delete_payload},
    {method::post, "/collections/{collection}/points/payload/clear", "clear_payload", json, write,
     writes, at::clear_payload},
    {method::put, "/collections/{collection}/points/vectors", "update_vectors", json, write, writes,
     at::update_vectors, true},
    {method::post, "/collections/{collection}/points/vectors/delete", "delete_vectors", json, write,
     writes, at::delete_vectors},
    {method::post, "/collections/{collection}/points/batch", "write_batch", json, write, writes,
     at::write_batch, true},
    {method::post, "/collections/{collection}/points/count", "count_points", json, read, reads,
     at::count_points},
    {method::post, "/collections/{collection}/points/scroll", "scroll_points", json, read, reads,
     at::scroll_points},
    {method::post, "/collections/{collection}/points/query", "query_points", json, read, reads,
     at::query_points},
    {method::post, "/collections/{collection}/points/query/batch", "query_batch", json, read, reads,
     at::query_batch},
    {method::post, "/collections/{collection}/points/search", "search_points", json, read, reads,
     at::search_points},
    {method::post, "/collections/{collection}/points/search/batch", "search_batch", json, read,
     reads, at::search_batch},
};

constexpr std::size_t segments_max = 6;

struct segments {
  std::array<std::string_view, segments_max> part;
  std::size_t count = 0;
};

// Splits "/a/b" into "a" and "b"; "/" has no part at all.
constexpr std::optional<segments> split(std::string_view path) {
  segments out;
  if (path.empty() || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (out.count == segments_max) return std::nullopt;
    const auto part = path.substr(0, path.find('/'));
    if (part.empty()) return std::nullopt;
    out.part[out.count++] = part;
    path.remove_prefix(part.size());
    if (path.empty()) break;
    path.remove_prefix(1);
    if (path.empty()) return std::nullopt;  // a slash at the end
  }
  return out;
}

constexpr auto make_patterns() {
  std::array<segments, std::size(table)> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = *split(table[i].pattern);
  return out;
}

constexpr auto patterns = make_patterns();

bool fits(const segments& path, const segments& pattern, http::request& incoming) {
  if (path.count != pattern.count) return false;
  std::size_t captured = 0;
  for (std::size_t i = 0; i < path.count; ++i) {
    if (pattern.part[i].front() == '{')
      incoming.captures[captured++] = path.part[i];
    else if (path.part[i] != pattern.part[i])
      return false;
  }
  return true;
}

void add_method(std::string& allow, method one) {
  if (!allow.empty()) allow += ", ";
  allow += http::to_string(one);
  if (one == method::get) allow += ", HEAD";
}

}  // namespace

std::span<const route> routes() noexcept { return table; }

std::string_view query_of(std::string_view target) noexcept {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

match find_route(http::request& incoming, std::string& allow) {
  std::string_view path = incoming.target;
  path = path.substr(0, path.find('?'));
  if (path.starts_with("/v1/") || path == "/v1") path.remove_prefix(3);
  if (path.empty()) path = "/";
  const auto parts = split(path);
  if (!parts) return match::unknown_path;
  const auto asked = incoming.method == method::head ? method::get : incoming.method;
  allow.clear();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (!fits(*parts, patterns[i], incoming)) continue;
    if (table[i].method == asked) {
      incoming.route = i;
      allow.clear();
      return match::found;
    }
    add_method(allow, table[i].method);
  }
  return allow.empty() ? match::unknown_path : match::wrong_method;
}

}  // namespace thespis::rest
