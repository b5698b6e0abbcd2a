// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/calibration.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "plugins/index_hnsw/search.hpp"

namespace thespis::hnsw {
namespace {

constexpr std::uint32_t k = 10;
// Each is compared with every node, or its code: fewer of them where that is much.
constexpr std::uint64_t queries_max = 100;
constexpr std::uint64_t queries_min = 25;
constexpr std::uint64_t components_compared = 4'000'000'000;
// Stored vectors, and what lies between them, are a little easier to find than what users ask for.
constexpr double recall_wanted = 0.995;
constexpr std::array<std::uint32_t, 7> efforts{64, 96, 128, 192, 256, 384, 512};
// Smaller graphs are scanned, or nearly.
constexpr std::uint32_t nodes_min = 4096;

using answer = std::array<thespis_hit, k>;

// A vector between a node and the farthest that it is linked to: few are stored where it lies.
class between {
 public:
  between(const shape& made, const row_ranks& rows, std::uint32_t node, plugin::services host)
      : host_(host), bytes_(rows.rows().padded_dimension() * sizeof(float)) {
    vector_ = static_cast<float*>(host_.allocate(bytes_, alignment));
    const link_list list = made.nodes.links(node, 0);
    std::uint32_t other = node;
    for (std::uint32_t i = 0; i < list.capacity() && list.load(i) != 0; ++i)
      other = target_of(list.load(i));
    const float* const a = rows.rows().row(made.nodes.slot_of(node));
    const float* const b = rows.rows().row(made.nodes.slot_of(other));
    for (std::uint32_t i = 0; i < rows.rows().dimension(); ++i) vector_[i] = (a[i] + b[i]) / 2;
  }
  ~between() { host_.release(vector_, bytes_, alignment); }
  between(const between&) = delete;
  between& operator=(const between&) = delete;

  [[nodiscard]] const float* vector() const noexcept { return vector_; }

 private:
  static constexpr std::size_t alignment = 64;

  plugin::services host_;
  std::size_t bytes_;
  float* vector_;
};

std::size_t ask(const shape& made, const row_ranks& rows, const float* vector, std::uint32_t ef,
                answer& hits, scratch& work) {
  thespis_index_query query{};
  query.struct_size = sizeof(query);
  query.k = k;
  query.ef = ef;
  query.end_slot = made.nodes.end_slot();
  query.vector = vector;
  return search_shape(made, rows, query, hits, work);
}

}  // namespace

std::uint32_t measured_effort(const shape& made, const row_ranks& rows, plugin::services host,
                              scratch_shelf& shelf) {
  const std::uint32_t count = made.nodes.count();
  if (count < nodes_min) return efforts.front();
  const std::uint64_t queries =
      std::clamp(components_compared / (std::uint64_t{count} * rows.rows().dimension()),
                 queries_min, queries_max);
  std::array<std::atomic<std::uint32_t>, efforts.size()> found{};
  host.parallel_for(queries, [&](std::size_t q) {
    const scratch_shelf::loan work(shelf);
    const auto node = static_cast<std::uint32_t>(std::uint64_t{count} * q / queries);
    if (!made.nodes.present(node)) return;
    const between query(made, rows, node, host);
    answer exact{};
    // So much effort that a scan is cheaper.
    const std::size_t all = ask(made, rows, query.vector(), count, exact, *work);
    if (all < k) return;
    for (std::size_t e = 0; e < efforts.size(); ++e) {
      answer hits{};
      const std::size_t got = ask(made, rows, query.vector(), efforts[e], hits, *work);
      found[e] += static_cast<std::uint32_t>(
          std::count_if(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(got),
                        [&](const thespis_hit& hit) { return hit.rank <= exact[k - 1].rank; }));
    }
  });
  for (std::size_t e = 0; e < efforts.size(); ++e)
    if (found[e] >= recall_wanted * static_cast<double>(queries * k)) return efforts[e];
  return efforts.back();
}

}  // namespace thespis::hnsw
