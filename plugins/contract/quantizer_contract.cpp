// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>

#include "plugins/contract/index_trial.hpp"
#include "plugins/contract/quantizer_trial.hpp"
#include "plugins/contract/suite.hpp"

namespace thespis::plugins {
namespace {

constexpr std::uint32_t rows_default = 600;
constexpr std::uint32_t queries_default = 8;
constexpr std::uint64_t untouched = 0x5A5A5A5A5A5A5A5A;

/// Runs `body(trial)` for each of these dimensions and each metric that the plugin has codes for,
/// untrained.
template <class Body>
result<void> each_metric(const suite_context& context,
                         std::initializer_list<std::uint32_t> dimensions, Body body) {
  std::size_t known = 0;
  for (const auto dimension : dimensions)
    for (const auto metric : all_metrics) {
      auto made = quantizer_trial::make(context.plugin.file, metric, dimension);
      if (!made && made.error().code == errc::unsupported) continue;
      if (!made) return made.error();
      ++known;
      if (auto outcome = body(**made); !outcome) return outcome;
    }
  return known > 0 ? ok() : result<void>(broken("it supports no metric"));
}

/// The same for several dimensions, with codes of clustered rows.
template <class Body>
result<void> each_filled(const suite_context& context, Body body) {
  return each_metric(context, {16, 17, 100, 127, 128, 300, 784},
                     [&](quantizer_trial& trial) -> result<void> {
                       const auto dimension = trial.rows.dimension;
                       THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, dimension)));
                       return body(trial);
                     });
}

/// Around the same centres as the rows of `each_filled`, but none of them.
test_vectors some_queries(std::uint32_t dimension) {
  auto made = clustered(dimension, rows_default + queries_default, dimension);
  made.values.erase(made.values.begin(), made.values.begin() + rows_default * dimension);
  return made;
}

void add_all(agreement& to, const quantizer_trial& trial, std::span<const float> vector,
             const std::vector<float>& ranks) {
  for (std::size_t i = 0; i < ranks.size(); ++i)
    to.add(ranks[i], reference_rank(trial.metric, vector, trial.rows.row(i)));
}

result<void> layout_holds(const suite_context& context) {
  return each_metric(context, {1, 17, 784}, [](quantizer_trial& trial) -> result<void> {
    const auto before = trial.layout;
    if (before.code_bytes == 0 || before.query_bytes == 0)
      return broken(trial.text() + ": codes or queries have no bytes");
    if ((before.block_rows == 0) != (before.block_bytes == 0))
      return broken(trial.text() + ": blocks have rows or bytes, but not both");
    if (trial.refines() && trial.table().refine == nullptr)
      return broken(trial.text() + ": there are refinements, but refine is null");
    if (trial.packs() && (trial.table().pack == nullptr || trial.table().estimate_block == nullptr))
      return broken(trial.text() + ": there are blocks, but pack or estimate_block is null");
    THESPIS_CHECK(trial.train(clustered(trial.rows.dimension, 100, 3)));
    // A caller of a later version gives more room than the plugin may know of.
    struct {
      thespis_code_layout known{};
      std::uint64_t appended = untouched;
    } room;
    auto& after = room.known;
    after.struct_size = sizeof(room);
    trial.table().layout(trial.object.self, &after);
    if (room.appended != untouched || after.struct_size > sizeof(room))
      return broken(trial.text() + ": layout does not keep to the room that it is given");
    if (after.code_bytes != before.code_bytes || after.query_bytes != before.query_bytes ||
        after.refinement_bytes != before.refinement_bytes ||
        after.block_rows != before.block_rows || after.block_bytes != before.block_bytes)
      return broken(trial.text() + ": training changed the layout");
    return ok();
  });
}

result<void> estimates_follow(const suite_context& context) {
  return each_filled(context, [](const quantizer_trial& trial) -> result<void> {
    agreement coarse;
    agreement fine;
    const auto queries = some_queries(trial.rows.dimension);
    for (std::size_t q = 0; q < queries.count(); ++q) {
      const auto query = trial.prepare(queries.row(q));
      THESPIS_CHECK(query.check());
      add_all(coarse, trial, queries.row(q), trial.estimate(query, 0, trial.rows.count()));
      if (trial.refines()) add_all(fine, trial, queries.row(q), trial.refine(query));
    }
    THESPIS_CHECK(coarse.judge(trial.text() + ": estimate", trial.rows.dimension));
    if (!trial.refines()) return ok();
    THESPIS_CHECK(fine.judge(trial.text() + ": refine", trial.rows.dimension));
    if (fine.error() > coarse.error())
      return broken(trial.text() + ": refined estimates are worse than estimates");
    return ok();
  });
}

result<void> comparisons_follow(const suite_context& context) {
  return each_filled(context, [](const quantizer_trial& trial) -> result<void> {
    agreement all;
    std::vector<std::vector<float>> ranks;
    for (std::size_t i = 0; i < queries_default; ++i) {
      ranks.push_back(trial.compare(i));
      add_all(all, trial, trial.rows.row(i), ranks.back());
    }
    for (std::size_t i = 0; i < ranks.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const auto a = trial.rows.row(i);
        const auto b = trial.rows.row(j);
        if (std::abs(ranks[i][j] - ranks[j][i]) > 10 * rank_tolerance(trial.metric, a, b))
          return broken(trial.text() + ": rows " + std::to_string(i) + " and " + std::to_string(j) +
                        " have ranks " + std::to_string(ranks[i][j]) + " and " +
                        std::to_string(ranks[j][i]));
      }
    return all.judge(trial.text() + ": compare", trial.rows.dimension);
  });
}

result<void> blocks_follow(const suite_context& context) {
  return each_filled(context, [](const quantizer_trial& trial) -> result<void> {
    if (!trial.packs()) return ok();
    agreement all;
    const auto queries = some_queries(trial.rows.dimension);
    for (std::size_t q = 0; q < queries.count(); ++q) {
      const auto query = trial.prepare(queries.row(q));
      for (std::size_t center = 0; center < 8; ++center) {
        // Whole blocks, and blocks that end early.
        std::vector<std::size_t> members(trial.layout.block_rows - center % 4);
        std::iota(members.begin(), members.end(), 10 * center);
        const auto block = trial.pack(center, members);
        THESPIS_CHECK(block.check());
        const auto known = reference_rank(trial.metric, queries.row(q), trial.rows.row(center));
        const auto ranks = trial.estimate_block(query, block, static_cast<float>(known));
        for (std::size_t i = 0; i < members.size(); ++i)
          all.add(ranks[i],
                  reference_rank(trial.metric, queries.row(q), trial.rows.row(members[i])));
      }
    }
    return all.judge(trial.text() + ": estimate_block", trial.rows.dimension);
  });
}

/// One of the vectors that are hard to code, at place `which`.
void make_hard(test_vectors& rows, std::size_t which, float size) {
  auto* row = rows.values.data() + which * rows.dimension;
  for (std::uint32_t d = 0; d < rows.dimension; ++d) {
    if (which == 0) row[d] = 0;
    if (which == 1) row[d] = size;
    if (which == 2) row[d] = d == 0 ? size : 0;
    if (which > 2) row[d] *= size;
  }
}

result<void> finite(const quantizer_trial& trial, const std::vector<float>& ranks,
                    const char* what) {
  for (const float rank : ranks)
    if (!std::isfinite(rank)) return broken(trial.text() + ": " + what + " gives no number");
  return ok();
}

result<void> all_finite(const quantizer_trial& trial) {
  for (std::size_t q = 0; q < std::min<std::size_t>(trial.rows.count(), 12); ++q) {
    const auto vector = trial.rows.row(q);
    const auto query = trial.prepare(vector);
    THESPIS_CHECK(finite(trial, trial.estimate(query, 0, trial.rows.count()), "estimate"));
    THESPIS_CHECK(finite(trial, trial.compare(q), "compare"));
    if (trial.refines()) THESPIS_CHECK(finite(trial, trial.refine(query), "refine"));
    if (!trial.packs()) continue;
    const std::size_t members[] = {0, 1, 2, 3, q};
    const auto block = trial.pack(q, members);
    const auto known = static_cast<float>(reference_rank(trial.metric, vector, vector));
    auto ranks = trial.estimate_block(query, block, known);
    ranks.resize(std::size(members));
    THESPIS_CHECK(finite(trial, ranks, "estimate_block"));
  }
  return ok();
}

result<void> hard_vectors(const suite_context& context) {
  return each_metric(context, {1, 2, 3, 17, 100}, [](quantizer_trial& trial) -> result<void> {
    for (const float size : {1e-38F, 1e-20F, 1.0F, 1e15F}) {
      auto rows = clustered(trial.rows.dimension, 40, 7);
      for (std::size_t i = 0; i < rows.count(); ++i) make_hard(rows, i, size);
      THESPIS_CHECK(trial.fill(rows));
      THESPIS_CHECK(all_finite(trial));
    }
    return ok();
  });
}

result<void> one_training_row(const suite_context& context) {
  return each_metric(context, {33}, [](quantizer_trial& trial) -> result<void> {
    THESPIS_CHECK(trial.train(clustered(33, 1, 9)));
    // The first row is the one that was learnt from.
    THESPIS_CHECK(trial.encode(clustered(33, 50, 9)));
    return all_finite(trial);
  });
}

result<void> one_by_one(const suite_context& context) {
  return each_filled(context, [](const quantizer_trial& trial) -> result<void> {
    const auto queries = some_queries(trial.rows.dimension);
    const auto query = trial.prepare(queries.row(0));
    const auto together = trial.estimate(query, 0, 70);
    for (const std::size_t count : {1u, 2u, 3u, 5u, 64u}) {
      const auto some = trial.estimate(query, 1, count);
      for (std::size_t i = 0; i < count; ++i)
        if (some[i] != together[1 + i])
          return broken(trial.text() + ": an estimate depends on those beside it");
    }
    return ok();
  });
}

result<void> saved_and_loaded(const suite_context& context) {
  return each_metric(context, {1, 17, 128}, [&](quantizer_trial& trial) -> result<void> {
    const auto dimension = trial.rows.dimension;
    const auto rows = clustered(dimension, 100, 11);
    THESPIS_CHECK(trial.fill(rows));
    THESPIS_TRY(const auto bytes, trial.saved());
    THESPIS_TRY(const auto again,
                quantizer_trial::make(context.plugin.file, trial.metric, dimension));
    thespis_failure reason{};
    if (again->load(bytes, bytes.size(), reason) != THESPIS_OK)
      return broken(trial.text() + ": it does not load what it saved");
    THESPIS_CHECK(again->encode(rows));
    if (again->codes.text() != trial.codes.text() ||
        (trial.refines() && again->refinements.text() != trial.refinements.text()))
      return broken(trial.text() + ": codes differ after a save and a load");
    THESPIS_TRY(const auto twin,
                quantizer_trial::make(context.plugin.file, trial.metric, dimension));
    THESPIS_CHECK(twin->fill(rows));
    if (twin->codes.text() != trial.codes.text())
      return broken(trial.text() + ": the same seed and rows give other codes");
    return ok();
  });
}

result<void> damaged(const suite_context& context) {
  constexpr std::uint32_t dimension = 20;
  return each_metric(context, {dimension}, [&](quantizer_trial& trial) -> result<void> {
    THESPIS_CHECK(trial.train(clustered(dimension, 100, 13)));
    THESPIS_TRY(const auto bytes, trial.saved());
    const auto refused = [&](const std::string& given, std::uint32_t length) -> result<void> {
      THESPIS_TRY(const auto other,
                  quantizer_trial::make(context.plugin.file, trial.metric, length));
      thespis_failure reason{};
      const auto status = other->load(given, given.size(), reason);
      if (status == THESPIS_OK)
        return broken(trial.text() + ": " + std::to_string(given.size()) + " of " +
                      std::to_string(bytes.size()) + " saved bytes were loaded into dimension " +
                      std::to_string(length));
      if (reason.message[0] == '\0')
        return broken(trial.text() + ": a load was refused without a message");
      return ok();
    };
    for (std::size_t length = 0; length < bytes.size(); ++length)
      THESPIS_CHECK(refused(bytes.substr(0, length), dimension));
    THESPIS_CHECK(refused(bytes + "more", dimension));
    THESPIS_CHECK(refused(std::string(bytes.size(), '\xff'), dimension));
    THESPIS_CHECK(refused(bytes, dimension - 1));
    return refused(bytes, dimension + 1);
  });
}

result<void> refusals(const suite_context& context) {
  if (quantizer_trial::make(context.plugin.file, static_cast<distance>(99), 8))
    return broken("metric 99 was accepted");
  if (quantizer_trial::make(context.plugin.file, distance::euclid, 0))
    return broken("dimension 0 was accepted");
  return each_metric(context, {8}, [](quantizer_trial& trial) -> result<void> {
    thespis_failure reason{};
    if (trial.table().train(trial.object.self, nullptr, 0, &reason) != THESPIS_INVALID_ARGUMENT)
      return broken("training without rows is not refused as an invalid argument");
    if (reason.message[0] == '\0') return broken("training was refused without a message");
    return ok();
  });
}

result<void> tells_its_memory(const suite_context& context) {
  return each_metric(context, {24}, [](quantizer_trial& trial) -> result<void> {
    THESPIS_CHECK(trial.train(clustered(24, 100, 19)));
    return check_memory([&](thespis_memory* out) { trial.table().memory(trial.object.self, out); });
  });
}

result<void> many_threads(const suite_context& context) {
  constexpr std::uint32_t dimension = 96;
  return each_metric(context, {dimension}, [&](quantizer_trial& trial) -> result<void> {
    THESPIS_CHECK(trial.fill(clustered(dimension, rows_default, 17)));
    const auto queries = some_queries(dimension);
    std::mutex lock;
    result<void> outcome = ok();
    const auto work = [&](std::size_t q) {
      const auto alone = trial.estimate(trial.prepare(queries.row(q)), 0, 100);
      for (int round = 0; round < 50; ++round) {
        const auto again = trial.estimate(trial.prepare(queries.row(q)), 0, 100);
        if (again == alone) continue;
        const std::lock_guard guard(lock);
        outcome = broken(trial.text() + ": estimates differ from call to call");
      }
    };
    {
      std::vector<std::jthread> threads;
      for (std::size_t q = 0; q < 4; ++q) threads.emplace_back(work, q);
    }
    return outcome;
  });
}

}  // namespace

std::vector<suite_rule> quantizer_rules() {
  return {
      {"sizes make sense and training does not change them", layout_holds},
      {"estimates follow the ranks, and refined ones more closely", estimates_follow},
      {"comparisons of codes follow the ranks and are symmetric", comparisons_follow},
      {"estimates of blocks follow the ranks", blocks_follow},
      {"zero, equal, huge and tiny vectors give numbers", hard_vectors},
      {"one training row is enough", one_training_row},
      {"an estimate does not depend on those beside it", one_by_one},
      {"what is saved is loaded, and the same seed gives the same codes", saved_and_loaded},
      {"damaged saves are refused with a message", damaged},
      {"what cannot be done is refused", refusals},
      {"many threads may call at once", many_threads},
      {"it tells its memory in the room it is given", tells_its_memory},
  };
}

}  // namespace thespis::plugins
