// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"

namespace thespis::bench {

/// Parameters that all graphs are built with.
struct graph_params {
  std::uint32_t m = 16;
  std::uint32_t ef_construct = 200;
  unsigned threads = 2;
};

/// A search library under measurement, already built over a data set.
class subject {
 public:
  virtual ~subject() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  /// Finds the `k` nearest rows of one query; `out` has room for `k`; returns how many.
  virtual std::size_t search(const float* query, std::size_t k, std::size_t ef,
                             std::uint32_t* out) = 0;
  /// Memory of links and tables, without the vectors; 0 if it cannot be told.
  [[nodiscard]] virtual std::uint64_t link_bytes() const = 0;
};

/// hnswlib from Debian's header, compiled for this machine.
[[nodiscard]] std::unique_ptr<subject> build_hnswlib(const dataset& data,
                                                     const graph_params& params);

/// The plugin `hnsw` from `file`, through the plugin interface.
[[nodiscard]] std::unique_ptr<subject> build_thespis(const dataset& data,
                                                     const graph_params& params,
                                                     const std::string& file);

}  // namespace thespis::bench
