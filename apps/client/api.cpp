// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/client/api.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

namespace thespis::client {

namespace {

namespace json = boost::json;

constexpr std::uint32_t wait_s_max = 30;

errc kind_of(unsigned status) {
  switch (status) {
    case 400:
    case 405:
    case 422: return errc::invalid_argument;
    case 401: return errc::unauthenticated;
    case 403: return errc::permission_denied;
    case 404: return errc::not_found;
    case 408:
    case 504: return errc::timeout;
    case 409: return errc::already_exists;
    case 413: return errc::too_large;
    case 429:
    case 507: return errc::resource_exhausted;
    case 503: return errc::unavailable;
    default: return errc::io;
  }
}

// The envelope says {"status":{"error":"..."}}.
std::string message_of(const http_response& answer) {
  boost::system::error_code failure;
  const auto value = json::parse(answer.body, failure);
  const auto* object = failure ? nullptr : value.if_object();
  const auto* status = object != nullptr ? object->if_contains("status") : nullptr;
  const auto* inner = status != nullptr ? status->if_object() : nullptr;
  const auto* text = inner != nullptr ? inner->if_contains("error") : nullptr;
  if (text == nullptr || !text->is_string()) return "no explanation";
  return std::string(text->get_string());
}

}  // namespace

error failure_of(const http_client& client, const http_response& answer) {
  auto message = client.server().text() + " answered " + std::to_string(answer.status) + ": " +
                 message_of(answer);
  if (answer.status == 401) message += "; --api-key or THESPIS_API_KEY gives the key";
  return error(kind_of(answer.status), std::move(message));
}

std::string collection_path(std::string_view name) { return "/collections/" + path_segment(name); }

result<std::string> fetch(http_client& client, const http_request& request, unsigned attempts) {
  for (unsigned attempt = 1;; ++attempt) {
    THESPIS_TRY(http_response answer, client.send(request));
    if (answer.status >= 200 && answer.status <= 299) return std::move(answer.body);
    const bool busy = answer.status == 429 || answer.status == 503;
    if (!busy || attempt >= attempts) return failure_of(client, answer);
    std::this_thread::sleep_for(
        std::chrono::seconds(std::min(answer.retry_after_s.value_or(1), wait_s_max)));
  }
}

result<json::value> call(http_client& client, method verb, const std::string& target,
                         const std::optional<json::value>& body) {
  const auto text = body ? json::serialize(*body) : std::string();
  http_request request;
  request.method = verb;
  request.target = target;
  request.body = text;
  THESPIS_TRY(const http_response answer, client.send(request));
  if (answer.status < 200 || answer.status > 299) return failure_of(client, answer);
  boost::system::error_code failure;
  auto value = json::parse(answer.body, failure);
  auto* object = failure ? nullptr : value.if_object();
  auto* found = object != nullptr ? object->if_contains("result") : nullptr;
  if (found == nullptr)
    return error(errc::io, client.server().text() + ": the answer to " + target +
                               " is not that of a Thespis server");
  return std::move(*found);
}

}  // namespace thespis::client
