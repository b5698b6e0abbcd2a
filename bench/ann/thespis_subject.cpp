// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/plugin_index.hpp"
#include "bench/ann/subject.hpp"

namespace thespis::bench {
namespace {

class thespis_subject final : public subject {
 public:
  thespis_subject(const dataset& data, const graph_params& params, const std::string& file)
      : rows_(data), index_(rows_, params, file) {
    index_.build(params.threads);
  }

  [[nodiscard]] std::string name() const override { return "thespis"; }

  std::size_t search(const float* query, std::size_t k, std::size_t ef,
                     std::uint32_t* out) override {
    return index_.search(query, k, ef, nullptr, out);
  }

  [[nodiscard]] std::uint64_t link_bytes() const override { return index_.bytes(); }

 private:
  lent_rows rows_;
  plugin_index index_;
};

}  // namespace

std::unique_ptr<subject> build_thespis(const dataset& data, const graph_params& params,
                                       const std::string& file) {
  return std::make_unique<thespis_subject>(data, params, file);
}

}  // namespace thespis::bench
