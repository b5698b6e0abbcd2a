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

/// One pass over all queries.
struct search_task {
  std::size_t k = 10;
  std::size_t ef = 0;  ///< Means nothing to an exact search.
  unsigned threads = 1;
};

/// Answers to all queries. Shape: rows [queries, k], of which counts[q] are filled.
struct answers {
  std::vector<std::uint32_t> rows;
  std::vector<std::size_t> counts;
};

/// A search library under measurement, already built over a data set.
class subject {
 public:
  virtual ~subject() = default;
  /// Finds the `k` nearest rows of each query, on `task.threads` threads; `out` has room.
  virtual void search_all(const matrix& queries, const search_task& task, answers& out) = 0;
  /// Memory of links, codes and tables, without the float32 vectors; 0 if it cannot be told.
  [[nodiscard]] virtual std::uint64_t index_bytes() const = 0;
};

/// A subject that is asked one query at a time.
class single_query_subject : public subject {
 public:
  void search_all(const matrix& queries, const search_task& task, answers& out) final;

 private:
  /// What a pass needs to set before its first query.
  virtual void prepare(const search_task& /*task*/) {}
  /// `out` has room for `task.k`; returns how many were found. Thread: any number at once.
  virtual std::size_t search(const float* query, const search_task& task, std::uint32_t* out) = 0;
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

/// An index plugin, through the plugin host, asked one query at a time.
[[nodiscard]] std::unique_ptr<subject> build_plugin(const dataset& data,
                                                    const plugins::registry& all,
                                                    const plugin_params& params, unsigned threads);

/// The plugin `flat`, through the plugin host, given each thread's queries in batches.
[[nodiscard]] std::unique_ptr<subject> build_exact(const dataset& data,
                                                   const plugins::registry& all);

/// Which of its indexes Faiss is to build.
enum class faiss_kind : std::uint8_t { flat, hnsw, hnsw_sq8 };

/// Faiss from Debian's library, in a shared object of its own: it brings a BLAS that must not be
/// loaded before ours is.
[[nodiscard]] std::unique_ptr<subject> build_faiss(const dataset& data, faiss_kind kind,
                                                   const build_params& params);

/// hnswlib from Debian's header, compiled for this machine.
[[nodiscard]] std::unique_ptr<subject> build_hnswlib(const dataset& data,
                                                     const build_params& params);

}  // namespace thespis::bench
