// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::bench {

/// Which plugin, and how it is made.
struct plugin_params {
  std::string name = "hnsw";
  plugins::index_params index;
};

/// The base rows of `data` in the host's memory; those in `dead`, which may be null, are left out.
/// Errors: throws std::runtime_error.
[[nodiscard]] std::shared_ptr<plugins::arena> arena_of(const dataset& data,
                                                       const slot_bitmap* dead = nullptr);

/// An index plugin behind the host's wrapper, as the server uses it. Calls throw
/// std::runtime_error. Thread: `search` may be called from several threads.
class plugin_index {
 public:
  plugin_index(const plugins::registry& all, std::shared_ptr<plugins::arena> rows,
               const plugin_params& params);

  /// Inserts every row, on `threads` threads, and has the index put in its best shape.
  void build(unsigned threads);
  /// `out` has room for `query.k`; returns how many were found.
  std::size_t search(const plugins::index_query& query, std::uint32_t* out) const;
  /// Answers queries that share range and filters; hits[i] belongs to queries[i].
  void search_batch(std::span<const plugins::index_query> queries,
                    std::span<std::vector<plugins::ranked_slot>> hits) const;
  void save(const std::filesystem::path& file) const;
  /// Fills an empty index; `dead` may be null.
  void load(const std::filesystem::path& file, const slot_bitmap* dead);
  [[nodiscard]] std::uint64_t bytes() const { return index_->bytes(); }

 private:
  [[nodiscard]] plugins::index_file_stamp stamp() const;

  std::shared_ptr<plugins::arena> rows_;
  std::unique_ptr<plugins::index> index_;
};

}  // namespace thespis::bench
