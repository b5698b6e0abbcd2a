// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <thespis/plugin/index.h>

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "plugins/contract/index_trial.hpp"
#include "plugins/contract/suite.hpp"
#include "plugins/host/arena_parts.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/services.hpp"

namespace thespis::plugins {
namespace {

constexpr std::uint32_t dimension = 24;
constexpr std::uint32_t rows_default = 1200;
constexpr std::uint32_t queries_default = 20;

result<void> empty_index(const suite_context& context) {
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
    const auto query = clustered(dimension, 1, 3);
    index_query asked;
    asked.vector = query.row(0);
    THESPIS_CHECK(trial.compare(asked));
  }
  return ok();
}

result<void> more_than_there_is(const suite_context& context) {
  for (const auto metric : all_metrics)
    for (const std::uint32_t count : {1u, 2u, 9u}) {
      THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
      THESPIS_CHECK(trial.fill(clustered(dimension, count, 5)));
      index_query asked;
      asked.vector = trial.rows.row(0);
      asked.k = 50;
      THESPIS_CHECK(trial.compare(asked));
    }
  return ok();
}

result<void> metrics_and_dimensions(const suite_context& context) {
  for (const auto metric : all_metrics)
    for (const std::uint32_t length : {1u, 3u, 17u, 100u, 129u}) {
      THESPIS_TRY(auto trial, index_trial::make(context, metric, length));
      THESPIS_CHECK(trial.fill(clustered(length, rows_default, length)));
      THESPIS_CHECK(trial.compare_many({}, queries_default));
    }
  return ok();
}

result<void> dead_slots(const suite_context& context) {
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
    THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 7)));
    slot_bitmap dead;
    for (const std::uint32_t live_every : {2u, 10u, 100u}) {
      for (slot_t slot = 0; slot < rows_default; ++slot)
        if (slot % live_every != 0) dead.insert(slot);
      index_query asked;
      asked.dead = &dead;
      THESPIS_CHECK(trial.compare_many(asked, queries_default));
    }
    for (slot_t slot = 0; slot < rows_default; ++slot) dead.insert(slot);
    index_query asked;
    asked.dead = &dead;
    THESPIS_CHECK(trial.compare_many(asked, 1));
  }
  return ok();
}

result<void> allowed_slots(const suite_context& context) {
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
    THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 11)));
    slot_bitmap dead;
    for (slot_t slot = 0; slot < rows_default; slot += 3) dead.insert(slot);
    for (const std::uint32_t every : {2u, 25u, 400u, rows_default}) {
      slot_bitmap allowed;
      for (slot_t slot = 1; slot < rows_default; slot += every) allowed.insert(slot);
      index_query asked;
      asked.allowed = &allowed;
      asked.dead = &dead;
      THESPIS_CHECK(trial.compare_many(asked, queries_default));
    }
    const slot_bitmap none;
    index_query asked;
    asked.allowed = &none;
    THESPIS_CHECK(trial.compare_many(asked, 1));
  }
  return ok();
}

result<void> slot_ranges(const suite_context& context) {
  THESPIS_TRY(auto trial, index_trial::make(context, distance::euclid, dimension));
  THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 13)));
  slot_bitmap dead;
  for (slot_t slot = 0; slot < rows_default; slot += 5) dead.insert(slot);
  const std::pair<slot_t, slot_t> ranges[] = {
      {0, 1}, {63, 65}, {64, 128}, {100, 101}, {300, 900}, {1000, no_slot}, {rows_default, no_slot},
      {7, 7}};
  for (const auto& [first, end] : ranges) {
    index_query asked;
    asked.first_slot = first;
    asked.end_slot = end;
    THESPIS_CHECK(trial.compare_many(asked, queries_default));
    asked.dead = &dead;
    THESPIS_CHECK(trial.compare_many(asked, queries_default));
  }
  return ok();
}

result<void> zero_vectors(const suite_context& context) {
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
    auto rows = clustered(dimension, 200, 17);
    for (std::size_t i = 0; i < rows.values.size(); ++i)
      if (i / dimension % 4 == 0) rows.values[i] = 0;
    THESPIS_CHECK(trial.fill(std::move(rows)));
    THESPIS_CHECK(trial.compare_many({}, queries_default));
    const std::vector<float> zero(dimension, 0.0f);
    index_query asked;
    asked.vector = zero;
    THESPIS_CHECK(trial.compare(asked));
  }
  return ok();
}

result<void> equal_vectors(const suite_context& context) {
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
    auto rows = clustered(dimension, 300, 19);
    for (std::size_t i = dimension; i < rows.values.size(); ++i)
      rows.values[i] = rows.values[i % dimension];
    THESPIS_CHECK(trial.fill(std::move(rows)));
    index_query asked;
    asked.k = 50;
    asked.vector = trial.rows.row(0);
    THESPIS_CHECK(trial.compare(asked));
  }
  return ok();
}

result<void> explicit_effort(const suite_context& context) {
  THESPIS_TRY(auto trial, index_trial::make(context, distance::cosine, dimension));
  THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 23)));
  index_query asked;
  asked.k = 100;
  asked.ef = 400;
  THESPIS_CHECK(trial.compare_many(asked, queries_default));
  // An effort below k must not cut the answer short.
  std::vector<ranked_slot> hits;
  asked.ef = 1;
  asked.vector = trial.rows.row(0);
  THESPIS_CHECK(trial.tested->search(asked, hits));
  if (hits.size() != asked.k)
    return broken("ef 1: " + std::to_string(hits.size()) + " hits, expected 100");
  return ok();
}

result<void> inserting_beside_searching(const suite_context& context) {
  constexpr int writers = 2;
  constexpr int readers = 2;
  THESPIS_TRY(auto trial, index_trial::make(context, distance::euclid, dimension));
  trial.rows = clustered(dimension, rows_default, 29);
  constexpr slot_t share = rows_default / writers;
  const auto put = [&](slot_t first, slot_t end) {
    result<void> done = ok();
    for (slot_t slot = first; slot < end && done; ++slot)
      done = trial.vectors->put(slot, trial.rows.row(slot));
    return done;
  };
  THESPIS_CHECK(put(0, share));
  std::atomic<int> writing = writers;
  std::mutex lock;
  result<void> outcome = ok();
  const auto report = [&](result<void> one) {
    const std::lock_guard guard(lock);
    if (outcome && !one) outcome = std::move(one);
  };
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < writers; ++w)
      threads.emplace_back([&, w] {
        constexpr slot_t step = 16;
        const auto begin = static_cast<slot_t>(w) * share;
        for (slot_t at = begin; at < begin + share; at += step) {
          const auto end = std::min(at + step, begin + share);
          // The arena has one writer, so only one of these appends to it.
          if (w == writers - 1) report(put(at, end));
          report(trial.insert(at, end));
        }
        --writing;
      });
    for (int r = 0; r < readers; ++r)
      threads.emplace_back([&, r] {
        std::vector<ranked_slot> hits;
        for (auto i = static_cast<std::size_t>(r); writing > 0; i += 31) {
          index_query asked;
          asked.vector = trial.rows.row(i % rows_default);
          report(trial.tested->search(asked, hits));
          (void)trial.tested->bytes();
        }
      });
  }
  THESPIS_CHECK(outcome);
  return trial.compare_many({}, queries_default);
}

result<void> slots_in_any_order(const suite_context& context) {
  THESPIS_TRY(auto trial, index_trial::make(context, distance::euclid, dimension));
  THESPIS_CHECK(trial.put(clustered(dimension, rows_default, 31)));
  if (trial.tested->scans()) return ok();
  std::vector<slot_t> slots(rows_default);
  std::iota(slots.begin(), slots.end(), 0);
  std::shuffle(slots.begin(), slots.end(), std::mt19937_64(37));
  THESPIS_CHECK(trial.tested->insert(slots));
  return trial.compare_many({}, queries_default);
}

/// Services without other plugins, for an index that is made past the wrapper.
std::unique_ptr<services> lonely_host() {
  return std::make_unique<services>([](std::uint32_t, std::string_view) {},
                                    [](const std::string&) -> result<thespis_object> {
                                      return error(errc::not_found, "no compute back end");
                                    },
                                    [](const std::string&, const void*) -> result<thespis_object> {
                                      return error(errc::not_found, "no quantizer");
                                    });
}

thespis_index_params plain_params(const thespis_arena& lent) {
  thespis_index_params params{};
  params.struct_size = sizeof(params);
  params.metric = lent.metric;
  params.dimension = lent.dimension;
  params.hnsw_m = 16;
  params.hnsw_ef_construct = 100;
  params.arena = &lent;
  params.quantizer = "none";
  return params;
}

result<void> tells_its_memory(const suite_context& context) {
  THESPIS_TRY(const auto plugin, library::open(context.plugin.file));
  THESPIS_TRY(const auto vectors, arena::create(dimension, distance::euclid));
  const auto host = lonely_host();
  const auto lent = lend(*vectors);
  const auto params = plain_params(lent);
  THESPIS_TRY(const auto made, plugin->create(host->table(), &params, lent.element));
  const auto& table = *static_cast<const thespis_index_table*>(made.table);
  const auto outcome = check_memory([&](thespis_memory* out) { table.memory(made.self, out); });
  table.destroy(made.self);
  return outcome;
}

result<void> cancelled_searches(const suite_context& context) {
  THESPIS_TRY(auto trial, index_trial::make(context, distance::dot, dimension));
  THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 41)));
  std::atomic<std::uint32_t> word = 1;
  std::vector<index_query> queries(12);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    queries[i].vector = trial.rows.row(i);
    queries[i].cancelled = &word;
  }
  std::vector<std::vector<ranked_slot>> hits(queries.size());
  for (const std::size_t count : {std::size_t{1}, queries.size()}) {
    const auto outcome =
        trial.tested->search_batch(std::span(queries).first(count), std::span(hits).first(count));
    if (!outcome && outcome.error().code != errc::cancelled)
      return broken("a cancelled search fails otherwise: " + outcome.error().message);
  }
  word = 0;
  return trial.compare(queries.front());
}

result<void> bad_parameters(const suite_context& context) {
  THESPIS_TRY(const auto plugin, library::open(context.plugin.file));
  THESPIS_TRY(const auto vectors, arena::create(dimension, distance::euclid));
  const auto host = lonely_host();
  const auto lent = lend(*vectors);
  const auto good = plain_params(lent);

  auto strange_metric = good;
  strange_metric.metric = 99;
  auto no_dimension = good;
  no_dimension.dimension = 0;
  auto other_dimension = good;
  other_dimension.dimension = dimension + 1;
  const std::pair<const char*, thespis_index_params> refused[] = {
      {"metric 99", strange_metric},
      {"dimension 0", no_dimension},
      {"a dimension that is not the arena's", other_dimension}};
  for (const auto& [what, params] : refused) {
    const auto made = plugin->create(host->table(), &params, lent.element);
    if (made) {
      static_cast<const thespis_index_table*>(made->table)->destroy(made->self);
      return broken(std::string(what) + " was accepted");
    }
    if (made.error().code != errc::invalid_argument && made.error().code != errc::unsupported)
      return broken(std::string(what) + " was refused as a failure: " + made.error().message);
  }
  return ok();
}

}  // namespace

std::vector<suite_rule> index_rules() {
  return {
      {"an empty index answers with nothing", empty_index},
      {"asked for more than there is, an index answers with all of it", more_than_there_is},
      {"every metric and any dimension finds the nearest", metrics_and_dimensions},
      {"dead slots are never answered, and k live ones are found", dead_slots},
      {"a filter is obeyed, however few slots it allows", allowed_slots},
      {"a range of slots is obeyed", slot_ranges},
      {"zero vectors are stored and found", zero_vectors},
      {"many equal vectors are answered once each", equal_vectors},
      {"the effort may be given", explicit_effort},
      {"inserting runs beside searching", inserting_beside_searching},
      {"slots may be inserted in any order", slots_in_any_order},
      {"impossible parameters are refused", bad_parameters},
      {"a search that is cancelled ends without harm", cancelled_searches},
      {"it tells its memory in the room it is given", tells_its_memory},
  };
}

}  // namespace thespis::plugins
