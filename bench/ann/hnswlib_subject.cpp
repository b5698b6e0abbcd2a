// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <hnswlib/hnswlib.h>

#include <atomic>
#include <thread>

#include "bench/ann/subject.hpp"

namespace thespis::bench {
namespace {

class hnswlib_subject final : public single_query_subject {
 public:
  hnswlib_subject(const dataset& data, const build_params& params)
      : columns_(data.base.columns), rows_(data.base.rows), cosine_(data.cosine) {
    if (cosine_) {
      space_ = std::make_unique<hnswlib::InnerProductSpace>(columns_);
    } else {
      space_ = std::make_unique<hnswlib::L2Space>(columns_);
    }
    graph_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), data.base.rows,
                                                               params.m, params.ef_construct);
    graph_->addPoint(unit_row(data.base.row(0), columns_, cosine_).data(), 0);
    std::atomic<std::size_t> next{1};
    const auto work = [&] {
      for (std::size_t i = next++; i < data.base.rows; i = next++)
        graph_->addPoint(unit_row(data.base.row(i), columns_, cosine_).data(), i);
    };
    std::vector<std::jthread> pool;
    for (unsigned t = 1; t < params.threads; ++t) pool.emplace_back(work);
    work();
  }

  [[nodiscard]] std::uint64_t index_bytes() const override {
    return rows_ * (graph_->size_data_per_element_ - graph_->data_size_ + sizeof(void*) +
                    sizeof(std::mutex));
  }

 private:
  void prepare(const search_task& task) override { graph_->setEf(task.ef); }

  std::size_t search(const float* query, const search_task& task, std::uint32_t* out) override {
    const auto found = [&] {
      if (!cosine_) return graph_->searchKnn(query, task.k);
      return graph_->searchKnn(unit_row(query, columns_, true).data(), task.k);
    };
    auto heap = found();
    const std::size_t count = heap.size();
    for (std::size_t i = count; i-- > 0; heap.pop())
      out[i] = static_cast<std::uint32_t>(heap.top().second);
    return count;
  }

  std::size_t columns_;
  std::size_t rows_;
  bool cosine_;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph_;
};

}  // namespace

std::unique_ptr<subject> build_hnswlib(const dataset& data, const build_params& params) {
  return std::make_unique<hnswlib_subject>(data, params);
}

}  // namespace thespis::bench
