// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <thread>
#include <vector>

#include "bench/ann/plugin_index.hpp"
#include "bench/ann/subject.hpp"

namespace thespis::bench {
namespace {

class plugin_subject final : public single_query_subject {
 public:
  plugin_subject(const dataset& data, const plugins::registry& all, const plugin_params& params,
                 unsigned threads)
      : columns_(data.base.columns), index_(all, arena_of(data), params) {
    index_.build(threads);
  }

  [[nodiscard]] std::uint64_t index_bytes() const override { return index_.bytes(); }

 private:
  std::size_t search(const float* query, const search_task& task, std::uint32_t* out) override {
    plugins::index_query asked;
    asked.vector = {query, columns_};
    asked.k = static_cast<std::uint32_t>(task.k);
    asked.ef = static_cast<std::uint32_t>(task.ef);
    return index_.search(asked, out);
  }

  std::size_t columns_;
  plugin_index index_;
};

// An exact search over all rows is asked for many queries at once, as Faiss's is.
class exact_subject final : public subject {
 public:
  exact_subject(const dataset& data, const plugins::registry& all)
      : index_(all, arena_of(data), {"flat", {}}) {}

  void search_all(const matrix& queries, const search_task& task, answers& out) override {
    const auto share = (queries.rows + task.threads - 1) / task.threads;
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < task.threads; ++t)
      others.emplace_back([&, t] { search_share(queries, task, t * share, share, out); });
    search_share(queries, task, 0, share, out);
  }

  [[nodiscard]] std::uint64_t index_bytes() const override { return index_.bytes(); }

 private:
  void search_share(const matrix& queries, const search_task& task, std::size_t first,
                    std::size_t share, answers& out) const {
    constexpr std::size_t batch = 256;
    std::vector<plugins::index_query> asked(batch);
    std::vector<std::vector<plugins::ranked_slot>> hits(batch);
    const auto end = std::min(first + share, queries.rows);
    for (; first < end; first += batch) {
      const auto count = std::min(batch, end - first);
      for (std::size_t i = 0; i < count; ++i) {
        asked[i].vector = {queries.row(first + i), queries.columns};
        asked[i].k = static_cast<std::uint32_t>(task.k);
      }
      index_.search_batch({asked.data(), count}, {hits.data(), count});
      for (std::size_t i = 0; i < count; ++i) {
        out.counts[first + i] = hits[i].size();
        for (std::size_t j = 0; j < hits[i].size(); ++j)
          out.rows[(first + i) * task.k + j] = hits[i][j].slot;
      }
    }
  }

  plugin_index index_;
};

}  // namespace

std::unique_ptr<subject> build_exact(const dataset& data, const plugins::registry& all) {
  return std::make_unique<exact_subject>(data, all);
}

std::unique_ptr<subject> build_plugin(const dataset& data, const plugins::registry& all,
                                      const plugin_params& params, unsigned threads) {
  return std::make_unique<plugin_subject>(data, all, params, threads);
}

}  // namespace thespis::bench
