// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"
#include "bench/ann/plugin_index.hpp"

namespace thespis::bench {

/// What all subjects are built with.
struct build_params {
  std::uint32_t m = 16;
  std::uint32_t ef_construct = 200;
  unsigned threads = 2;
  /// For the subject "thespis" alone.
  bool fast = false;
  std::string quantizer;
  std::uint32_t bits = 0;
};

/// A search library under measurement, already built over a data set.
class subject {
 public:
  virtual ~subject() = default;
  /// Finds the `k` nearest rows of one query; `out` has room for `k`; returns how many. `ef` means
  /// nothing to an exact search. Thread: any number at once, all with the same `ef`.
  virtual std::size_t search(const float* query, std::size_t k, std::size_t ef,
                             std::uint32_t* out) = 0;
  /// Memory of links, codes and tables, without the float32 vectors; 0 if it cannot be told.
  [[nodiscard]] virtual std::uint64_t index_bytes() const = 0;
};

/// Names that `build_subject` knows.
[[nodiscard]] std::vector<std::string> subject_names();

/// True if the answers do not depend on `ef`.
[[nodiscard]] bool is_exact(const std::string& name);

/// Builds the subject `name` over `data`, which outlives it; plugins are of `all`.
/// Errors: throws std::runtime_error.
[[nodiscard]] std::unique_ptr<subject> build_subject(const std::string& name, const dataset& data,
                                                     const plugins::registry& all,
                                                     const build_params& params);

/// An index plugin, through the plugin host.
[[nodiscard]] std::unique_ptr<subject> build_plugin(const dataset& data,
                                                    const plugins::registry& all,
                                                    const plugin_params& params, unsigned threads);

/// hnswlib from Debian's header, compiled for this machine.
[[nodiscard]] std::unique_ptr<subject> build_hnswlib(const dataset& data,
                                                     const build_params& params);

}  // namespace thespis::bench
