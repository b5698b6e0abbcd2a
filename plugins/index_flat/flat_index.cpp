// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_flat/flat_index.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "plugins/index_flat/product_scan.hpp"

namespace thespis::flat {
namespace {

/// From so many queries on a matrix product is worth its call; the back end makes none of fewer.
constexpr std::size_t product_queries_min = 8;
/// A block with fewer than one admitted slot in so many is not worth computing whole.
constexpr std::uint32_t product_share = 8;

void stop_if_cancelled(const thespis_index_query& query) {
  if (plugin::cancelled(query))
    throw plugin::failure(THESPIS_CANCELLED, "nobody waits for the answer");
}

}  // namespace

flat_index::flat_index(const plugin::index_setup& setup)
    : ranks_(setup.arena, setup.metric), services_(setup.services) {
  if (setup.quantizer != nullptr && std::string_view(setup.quantizer) != "none")
    throw plugin::failure(THESPIS_UNSUPPORTED, "it compares vectors and has no codes; leave '" +
                                                   std::string(setup.quantizer) + "' out");
}

void flat_index::insert(std::span<const std::uint32_t> /*slots*/) {}

void flat_index::save(plugin::writer& /*out*/) {}

void flat_index::load(plugin::reader& /*in*/) {}

std::size_t flat_index::search(const thespis_index_query& query, std::span<thespis_hit> hits) {
  auto from = ranks_.probe_of(query, hits);
  candidate_block block;
  for (candidates left(query); left.next(block);) {
    stop_if_cancelled(query);
    ranks_.scan(from, block);
  }
  return from.found.finish();
}

const plugin::compute* flat_index::products() {
  std::call_once(sought_, [this] {
    try {
      products_ = services_.compute("cpu");
    } catch (const plugin::failure& problem) {
      services_.log(THESPIS_LOG_DEBUG,
                    std::string("flat: batches without a compute back end: ") + problem.what());
    }
  });
  return products_ ? &*products_ : nullptr;
}

void flat_index::search_batch(std::span<const thespis_index_query* const> queries,
                              std::span<thespis_hits> hits) {
  if (queries.empty()) return;
  std::vector<probe> probes;
  probes.reserve(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    probes.push_back(ranks_.probe_of(*queries[q], std::span(hits[q].items, queries[q]->k)));

  std::optional<product_scan> product;
  if (queries.size() >= product_queries_min && product_scan::suits(ranks_.metric()))
    if (const auto* back_end = products(); back_end != nullptr)
      product.emplace(ranks_, *back_end, probes);
  candidate_block block;
  for (candidates left(*queries.front()); left.next(block);) {
    stop_if_cancelled(*queries.front());
    if (product && block.dense(product_share)) {
      product->scan(block);
    } else {
      for (auto& from : probes) ranks_.scan(from, block);
    }
  }
  for (std::size_t q = 0; q < queries.size(); ++q) hits[q].count = probes[q].found.finish();
}

}  // namespace thespis::flat
