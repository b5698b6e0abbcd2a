// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

// The dialect's clients compare it with their own version.
constexpr std::string_view dialect_version = "1.18.0";
void write_build(codec::json_writer& out, const build_info& build) {
  out.key("version").string(build.version);
  out.key("commit").string(build.commit);
  out.key("build").string(build.build);
}

void add_collection(thespis::metrics::sink& out, const thespis::collection_info& info) {
  const thespis::metrics::labels one = {{"collection", info.meta.name}};
  out.gauge("thespis_collection_points", "Points", one, static_cast<double>(info.points));
  out.gauge("thespis_collection_tombstones", "Slots of replaced or deleted points", one,
            static_cast<double>(info.tombstones));
  out.gauge("thespis_collection_status", "1 green, 2 yellow, 3 red", one,
            static_cast<double>(info.status));
  out.gauge("thespis_slot_table_bytes", "Memory of ids and versions", one,
            static_cast<double>(info.slot_table_bytes));
  std::uint64_t waiting = 0;
  for (const auto& index : info.indexes) waiting += index.tail_slots;
  out.gauge("thespis_collection_waiting_slots", "Slots that wait for an index, over all vectors",
            one, static_cast<double>(waiting));
  for (const auto& index : info.indexes) {
    const thespis::metrics::labels each = {
        {"collection", info.meta.name}, {"vector", index.name}, {"index", index.index}};
    out.gauge("thespis_index_bytes", "Memory of an index's links and tables", each,
              static_cast<double>(index.index_bytes));
    out.gauge("thespis_arena_bytes", "Memory of the vectors, also those of a mapped file", each,
              static_cast<double>(index.arena_bytes));
    out.gauge("thespis_arena_mapped_bytes", "Vectors in a mapped file, in memory or not", each,
              static_cast<double>(index.arena_mapped_bytes));
    out.gauge("thespis_index_slots", "Slots that an index covers", each,
              static_cast<double>(index.indexed_slots));
    out.counter("thespis_index_inserts_total", "Slots that an index took in since it was loaded",
                each, static_cast<double>(index.inserted_slots));
    out.gauge("thespis_index_tail_slots", "Slots scanned because they are not indexed yet", each,
              static_cast<double>(index.tail_slots));
  }
}

void write_memory(codec::json_writer& out, const memory_report& now) {
  out.key("memory").begin_object();
  out.key("budget_bytes").number(now.budget_bytes);
  out.key("budget_origin").string(now.origin);
  out.key("used_bytes").number(now.used_bytes);
  out.key("resident_bytes").number(now.resident_bytes);
  out.key("promised_bytes").number(now.promised_bytes);
  out.key("parts").begin_object();
  for (std::size_t i = 0; i < memory_parts; ++i)
    out.key(to_string(static_cast<memory_part>(i))).number(now.parts[i]);
  out.key("other").number(now.other_bytes);
  out.end_object().end_object();
}

void write_disk(codec::json_writer& out, const disk_numbers& now) {
  out.key("disk").begin_object();
  out.key("free_bytes").number(now.free_bytes);
  out.key("reserve_bytes").number(now.reserve_bytes);
  out.key("held_bytes").number(now.held_bytes);
  out.key("full").boolean(now.full);
  out.end_object();
}

void add_health(thespis::metrics::sink& out, const engine_readiness& ready) {
  out.gauge("thespis_collections_loading", "Collections that are being loaded", {},
            static_cast<double>(ready.loading.size()));
  out.gauge("thespis_collections_quarantined", "Collections that are damaged or kept failing", {},
            static_cast<double>(ready.quarantined.size()));
  for (const auto& one : ready.quarantined)
    out.gauge("thespis_collection_quarantined", "1: the collection does not serve",
              {{"collection", one.name}}, 1);
  out.gauge("thespis_health_check_running", "1: stored rows are being checked", {},
            ready.validating ? 1 : 0);
  out.gauge("thespis_health_checked_share", "Of stored rows that the check has read", {},
            ready.validated);
  out.gauge("thespis_health_state", "Of the last check: 1 sound, 2 unchecked, 3 damaged", {},
            static_cast<double>(ready.validation));
}

}  // namespace

answered root(call& in) {
  codec::json_writer out(in.response.body);
  out.begin_object();
  out.key("title").string("thespis - vector search engine");
  out.key("version").string(dialect_version);
  out.key("thespis").begin_object();
  write_build(out, in.options.build);
  out.end_object().end_object();
  co_return;
}

answered version(call& in) {
  answer(in, [&](codec::json_writer& out) {
    out.begin_object();
    out.key("name").string("thespis");
    write_build(out, in.options.build);
    out.key("dialect").string(dialect_version);
    out.end_object();
  });
  co_return;
}

answered telemetry(call& in) {
  answer(in, [&](codec::json_writer& out) {
    out.begin_object().key("app").begin_object();
    out.key("name").string("thespis");
    write_build(out, in.options.build);
    out.end_object();
    if (in.options.memory) write_memory(out, in.options.memory->report());
    if (in.options.disk)
      if (const auto disk = in.options.disk()) write_disk(out, *disk);
    out.end_object();
  });
  co_return;
}

answered metrics(call& in) {
  const auto end = probe_deadline(in);
  auto collections = co_await in.engine.list(end);
  std::vector<thespis::collection_info> found;
  std::size_t silent = 0;
  if (collections) {
    for (const auto& meta : *collections) {
      auto info = co_await in.engine.info(meta.name, end);
      if (info)
        found.push_back(std::move(*info));
      else
        ++silent;
    }
  }
  const auto ready = co_await in.engine.readiness(end);
  const thespis::metrics::source extra = [&](thespis::metrics::sink& out) {
    if (ready) add_health(out, *ready);
    if (!collections) return;
    out.gauge("thespis_collections", "Collections", {}, static_cast<double>(collections->size()));
    out.gauge("thespis_collections_silent", "Collections that did not tell their sizes", {},
              static_cast<double>(silent));
    for (const auto& info : found) add_collection(out, info);
  };
  in.response.content_type = thespis::metrics::text_type;
  in.response.body = in.options.metrics->text(extra);
}

}  // namespace thespis::rest::handlers
