// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <omp.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "bench/ann/faiss_module.hpp"

namespace thespis::bench {
namespace {

// Faiss is given all queries in one call: asked one by one it makes a table of visited rows each
// time. It takes them one after the other within its threads.
class faiss_subject final : public subject {
 public:
  faiss_subject(const dataset& data, faiss_kind kind, const build_params& params)
      : cosine_(data.cosine) {
    const auto columns = static_cast<int>(data.base.columns);
    const auto links = static_cast<int>(params.m);
    const auto metric = cosine_ ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
    if (kind == faiss_kind::flat) {
      index_ = std::make_unique<faiss::IndexFlat>(columns, metric);
    } else if (kind == faiss_kind::hnsw) {
      index_ = std::make_unique<faiss::IndexHNSWFlat>(columns, links, metric);
    } else {
      index_ = std::make_unique<faiss::IndexHNSWSQ>(columns, faiss::ScalarQuantizer::QT_8bit, links,
                                                    metric);
    }
    graph_ = dynamic_cast<faiss::IndexHNSW*>(index_.get());
    if (graph_ != nullptr) graph_->hnsw.efConstruction = static_cast<int>(params.ef_construct);
    const auto rows = scaled(data.base);
    omp_set_num_threads(static_cast<int>(params.threads));
    index_->train(static_cast<faiss::Index::idx_t>(data.base.rows), rows.values.data());
    index_->add(static_cast<faiss::Index::idx_t>(data.base.rows), rows.values.data());
    if (kind == faiss_kind::hnsw_sq8) code_bytes_ = data.base.rows * data.base.columns;
  }

  void search_all(const matrix& queries, const search_task& task, answers& out) override {
    if (graph_ != nullptr) graph_->hnsw.efSearch = static_cast<int>(task.ef);
    omp_set_num_threads(static_cast<int>(task.threads));
    const auto rows = scaled(queries);
    std::vector<float> ranks(queries.rows * task.k);
    std::vector<faiss::Index::idx_t> found(queries.rows * task.k);
    index_->search(static_cast<faiss::Index::idx_t>(queries.rows), rows.values.data(),
                   static_cast<faiss::Index::idx_t>(task.k), ranks.data(), found.data());
    for (std::size_t q = 0; q < queries.rows; ++q) {
      const auto begin = found.begin() + static_cast<std::ptrdiff_t>(q * task.k);
      const auto end = std::find(begin, begin + static_cast<std::ptrdiff_t>(task.k), -1);
      std::transform(begin, end, out.rows.begin() + static_cast<std::ptrdiff_t>(q * task.k),
                     [](faiss::Index::idx_t id) { return static_cast<std::uint32_t>(id); });
      out.counts[q] = static_cast<std::size_t>(end - begin);
    }
  }

  [[nodiscard]] std::uint64_t index_bytes() const override {
    if (graph_ == nullptr) return 0;
    const auto& links = graph_->hnsw;
    return code_bytes_ + links.neighbors.size() * sizeof(links.neighbors[0]) +
           links.offsets.size() * sizeof(links.offsets[0]) +
           links.levels.size() * sizeof(links.levels[0]);
  }

 private:
  [[nodiscard]] matrix scaled(const matrix& from) const {
    matrix made = from;
    if (!cosine_) return made;
    for (std::size_t i = 0; i < made.rows; ++i) {
      const auto row = unit_row(from.row(i), from.columns, true);
      std::copy(row.begin(), row.end(),
                made.values.begin() + static_cast<std::ptrdiff_t>(i * from.columns));
    }
    return made;
  }

  bool cosine_;
  std::unique_ptr<faiss::Index> index_;
  faiss::IndexHNSW* graph_ = nullptr;
  std::uint64_t code_bytes_ = 0;
};

}  // namespace
}  // namespace thespis::bench

thespis::bench::subject* thespis_bench_faiss(const thespis::bench::dataset* data,
                                             thespis::bench::faiss_kind kind,
                                             const thespis::bench::build_params* params) {
  return new thespis::bench::faiss_subject(*data, kind, *params);
}
