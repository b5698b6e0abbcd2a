// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocols/http/handler.hpp"
#include "protocols/http/message.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest {

/// Which bodies a route reads.
enum class body_kind : std::uint8_t { none, json, json_or_binary };

/// One endpoint.
struct route {
  http::method method;
  std::string_view pattern;  ///< Path with `{collection}` and `{id}` or `{vector}` left open.
  std::string_view name;     ///< Label in metrics.
  body_kind body;
  query_kind query;
  http::admission room;  ///< Which room it needs, if any.
  handlers::answered (*run)(call&);
  bool adds_data = false;  ///< What its body says will be kept: needs memory.
};

/// All routes. Each is also mounted under `/v1`, and those with GET answer HEAD too.
[[nodiscard]] std::span<const route> routes() noexcept;

/// Outcome of looking a request up.
enum class match : std::uint8_t { found, wrong_method, unknown_path };

/// Finds the route of `incoming` and fills its `route` and `captures`; for a wrong method `allow`
/// lists the right ones.
[[nodiscard]] match find_route(http::request& incoming, std::string& allow);

/// The text behind `?` of a target.
[[nodiscard]] std::string_view query_of(std::string_view target) noexcept;

}  // namespace thespis::rest
