// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

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

}  // namespace

std::unique_ptr<subject> build_plugin(const dataset& data, const plugins::registry& all,
                                      const plugin_params& params, unsigned threads) {
  return std::make_unique<plugin_subject>(data, all, params, threads);
}

}  // namespace thespis::bench
