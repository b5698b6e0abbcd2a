// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/index_wait.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "apps/client/api.hpp"
#include "core/clock.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

struct index_state {
  std::uint64_t waiting = 0;  // vectors that are not indexed yet
  bool failed = false;
  std::string detail;
};

index_state index_state_of(const json::value& info) {
  index_state out;
  const auto* object = info.if_object();
  const auto* status = object != nullptr ? object->if_contains("status") : nullptr;
  out.failed = status != nullptr && *status == json::value("red");
  const auto* detail = object != nullptr ? object->if_contains("status_detail") : nullptr;
  if (detail != nullptr && detail->is_string()) out.detail = detail->get_string();
  const auto* indexes = object != nullptr ? object->if_contains("indexes") : nullptr;
  if (indexes == nullptr || !indexes->is_array()) return out;
  for (const auto& index : indexes->get_array()) {
    const auto* tail = index.is_object() ? index.get_object().if_contains("tail_slots") : nullptr;
    if (tail != nullptr && tail->is_number()) out.waiting += tail->to_number<std::uint64_t>();
  }
  return out;
}

}  // namespace

result<void> wait_indexed(client::http_client& client, const std::string& collection,
                          std::uint32_t timeout_s, const stop_signal& stop,
                          importer::progress_line& line) {
  const auto end_ns = steady_time_ns() + std::int64_t{timeout_s} * 1'000'000'000;
  for (;;) {
    THESPIS_TRY(const auto info,
                client::call(client, client::method::get, client::collection_path(collection)));
    const auto state = index_state_of(info);
    if (state.failed)
      return error(errc::internal, "collection '" + collection + "' has failed: " + state.detail);
    if (state.waiting == 0) return ok();
    if (stop.raised())
      return error(errc::cancelled, "interrupted; every point is stored, " +
                                        std::to_string(state.waiting) +
                                        " vectors are not indexed yet");
    line.show("indexing, " + std::to_string(state.waiting) + " vectors to go");
    if (steady_time_ns() > end_ns)
      return error(errc::timeout,
                   "collection '" + collection + "': " + std::to_string(state.waiting) +
                       " vectors not indexed after " + std::to_string(timeout_s) + " s");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace thespis::apps
