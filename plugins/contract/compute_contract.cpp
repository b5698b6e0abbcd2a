// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <thespis/plugin/compute.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <string>
#include <thread>

#include "plugins/contract/index_trial.hpp"
#include "plugins/contract/reference.hpp"
#include "plugins/contract/suite.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/services.hpp"
#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

/// A task, its memory and the reference.
struct compute_trial {
  distance metric = distance::cosine;
  test_vectors queries;
  test_vectors rows;
  std::size_t row_stride = 0;
  std::vector<float> strided;  ///< The rows, `row_stride` apart; between them lies NaN.

  compute_trial(distance metric_, std::uint32_t dimension, std::uint32_t query_count,
                std::uint32_t row_count, std::size_t gap)
      : metric(metric_),
        queries(clustered(dimension, query_count, 53)),
        rows(clustered(dimension, row_count, 59)),
        row_stride(dimension + gap) {
    strided.assign(row_count * row_stride, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t r = 0; r < row_count; ++r)
      std::copy_n(rows.row(r).data(), dimension, strided.data() + r * row_stride);
  }

  [[nodiscard]] result<void> judge(std::span<const float> ranks) const {
    for (std::size_t q = 0; q < queries.count(); ++q)
      for (std::size_t r = 0; r < rows.count(); ++r) {
        const auto got = ranks[q * rows.count() + r];
        const double right = reference_rank(metric, queries.row(q), rows.row(r));
        const double tolerance = rank_tolerance(metric, queries.row(q), rows.row(r));
        const bool negative = !larger_is_nearer(metric) && got < 0;
        if (!(std::abs(got - right) <= tolerance) || negative)
          return broken(std::string(to_string(metric)) + ", dimension " +
                        std::to_string(rows.dimension) + ": rank of query " + std::to_string(q) +
                        " and row " + std::to_string(r) + " is " + std::to_string(got) +
                        ", expected " + std::to_string(right) + " within " +
                        std::to_string(tolerance));
      }
    return ok();
  }

  [[nodiscard]] result<void> run(const compute& tested) const {
    std::vector<float> ranks(std::size_t{queries.count()} * rows.count(),
                             std::numeric_limits<float>::quiet_NaN());
    THESPIS_CHECK(tested.ranks(metric, rows.dimension, queries.values, strided.data(), row_stride,
                               rows.count(), ranks));
    return judge(ranks);
  }
};

result<void> all_shapes(const suite_context& context) {
  THESPIS_TRY(const auto tested, context.plugins.create_compute(context.plugin.name));
  for (const auto metric : all_metrics)
    for (const std::uint32_t dimension : {1u, 3u, 17u, 100u, 129u, 256u})
      for (const std::uint32_t queries : {0u, 1u, 2u, 7u, 33u})
        for (const std::uint32_t rows : {0u, 1u, 5u, 301u})
          THESPIS_CHECK(compute_trial(metric, dimension, queries, rows, 0).run(*tested));
  return ok();
}

result<void> gaps_between_rows(const suite_context& context) {
  THESPIS_TRY(const auto tested, context.plugins.create_compute(context.plugin.name));
  for (const auto metric : all_metrics)
    for (const std::size_t gap : {1u, 7u, 64u})
      THESPIS_CHECK(compute_trial(metric, 45, 9, 130, gap).run(*tested));
  return ok();
}

result<void> equal_and_zero_vectors(const suite_context& context) {
  THESPIS_TRY(const auto tested, context.plugins.create_compute(context.plugin.name));
  for (const auto metric : all_metrics) {
    compute_trial trial(metric, 40, 8, 50, 0);
    std::fill_n(trial.queries.values.begin(), 40, 0.0f);
    std::fill_n(trial.rows.values.begin(), 40, 0.0f);
    for (std::size_t i = 40; i < 320; ++i) trial.rows.values[i] = trial.queries.values[i];
    trial.strided = trial.rows.values;
    THESPIS_CHECK(trial.run(*tested));
  }
  return ok();
}

result<void> many_threads(const suite_context& context) {
  THESPIS_TRY(const auto tested, context.plugins.create_compute(context.plugin.name));
  std::mutex lock;
  result<void> outcome = ok();
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int round = 0; round < 5; ++round) {
          auto one = compute_trial(all_metrics[t], 60 + t, 12, 200, t).run(*tested);
          const std::lock_guard guard(lock);
          if (outcome && !one) outcome = std::move(one);
        }
      });
  }
  return outcome;
}

/// A back end made past the wrapper, to hand it what the wrapper never would.
struct bare_compute {
  services host{[](std::uint32_t, std::string_view) {},
                [](const std::string&) -> result<thespis_object> {
                  return error(errc::not_found, "no compute back end");
                },
                [](const std::string&, const void*) -> result<thespis_object> {
                  return error(errc::not_found, "no quantizer");
                }};
  std::shared_ptr<const library> plugin;
  thespis_object object{};

  [[nodiscard]] result<void> open(const suite_context& context) {
    THESPIS_TRY(plugin, library::open(context.plugin.file));
    thespis_compute_params params{};
    params.struct_size = sizeof(params);
    THESPIS_TRY(object, plugin->create(host.table(), &params, THESPIS_ELEMENT_FLOAT32));
    return ok();
  }
  ~bare_compute() {
    if (object.self != nullptr) table().destroy(object.self);
  }
  [[nodiscard]] const thespis_compute_table& table() const noexcept {
    return *static_cast<const thespis_compute_table*>(object.table);
  }
};

result<void> given_norms(const suite_context& context) {
  constexpr std::uint32_t dimension = 48;
  bare_compute tested;
  THESPIS_CHECK(tested.open(context));
  const compute_trial source(distance::cosine, dimension, 11, 90, 16);
  auto rows = source.strided;
  for (std::size_t r = 0; r < source.rows.count(); ++r) {
    const auto row = source.rows.row(r);
    double sum = 0;
    for (const double value : row) sum += value * value;
    rows[r * source.row_stride + dimension] = static_cast<float>(1 / std::sqrt(sum));
  }
  std::vector<float> ranks(std::size_t{source.queries.count()} * source.rows.count());
  thespis_ranks_task task{};
  task.struct_size = sizeof(task);
  task.metric = THESPIS_METRIC_COSINE;
  task.dimension = dimension;
  task.element = THESPIS_ELEMENT_FLOAT32;
  task.query_count = source.queries.count();
  task.queries = source.queries.values.data();
  task.row_count = source.rows.count();
  task.rows = rows.data();
  task.row_stride_bytes = source.row_stride * sizeof(float);
  task.row_inverse_norms = rows.data() + dimension;
  task.ranks = ranks.data();
  thespis_failure failure{};
  if (tested.table().ranks(tested.object.self, &task, &failure) != THESPIS_OK)
    return broken("ranks failed: " + printable(failure.message, sizeof(failure.message)));
  return source.judge(ranks);
}

result<void> strange_tasks(const suite_context& context) {
  bare_compute tested;
  THESPIS_CHECK(tested.open(context));
  const float value = 1;
  float rank = 0;
  thespis_ranks_task task{};
  task.struct_size = sizeof(task);
  task.metric = 99;
  task.dimension = 1;
  task.element = THESPIS_ELEMENT_FLOAT32;
  task.query_count = task.row_count = 1;
  task.row_stride_bytes = sizeof(value);
  task.queries = &value;
  task.rows = &value;
  task.ranks = &rank;
  thespis_failure failure{};
  if (tested.table().ranks(tested.object.self, &task, &failure) == THESPIS_OK)
    return broken("metric 99 was accepted");
  if (failure.message[0] == '\0') return broken("metric 99 was refused without a message");
  task.metric = THESPIS_METRIC_DOT;
  task.element = 31;
  failure = {};
  if (tested.table().ranks(tested.object.self, &task, &failure) != THESPIS_UNSUPPORTED)
    return broken("rows of element type 31 are not refused as unsupported");
  if (failure.message[0] == '\0')
    return broken("rows of element type 31 were refused without a message");
  return ok();
}

result<void> tells_its_memory(const suite_context& context) {
  bare_compute tested;
  THESPIS_CHECK(tested.open(context));
  return check_memory([&](thespis_memory* out) { tested.table().memory(tested.object.self, out); });
}

result<void> names_its_target(const suite_context& context) {
  THESPIS_TRY(const auto tested, context.plugins.create_compute(context.plugin.name));
  if (tested->target().empty()) return broken("target is empty");
  return ok();
}

}  // namespace

std::vector<suite_rule> compute_rules() {
  return {
      {"ranks are right for every metric and shape", all_shapes},
      {"what lies between rows is not read", gaps_between_rows},
      {"equal and zero vectors have ranks without noise", equal_and_zero_vectors},
      {"many threads may call at once", many_threads},
      {"given norms are used", given_norms},
      {"an unknown metric or element type is refused with a message", strange_tasks},
      {"it says what it runs on", names_its_target},
      {"it tells its memory in the room it is given", tells_its_memory},
  };
}

}  // namespace thespis::plugins
