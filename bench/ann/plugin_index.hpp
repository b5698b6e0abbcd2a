// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"
#include "bench/ann/subject.hpp"

namespace thespis::bench {

/// The rows as the host lends them: one chunk, padded, with the inverse norm behind the padding.
class lent_rows {
 public:
  explicit lent_rows(const dataset& data);
  ~lent_rows();
  lent_rows(const lent_rows&) = delete;
  lent_rows& operator=(const lent_rows&) = delete;

  [[nodiscard]] const thespis_arena& lent() const { return lent_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }

  /// Fills a row with zeros, as the host finds it when its slot died before a restart.
  void forget(std::uint32_t slot);
  /// Copies every row from `data` again.
  void restore(const dataset& data);

 private:
  std::uint32_t count_ = 0;
  std::size_t stride_ = 0;
  float* memory_ = nullptr;
  const unsigned char* chunk_ = nullptr;
  thespis_arena lent_{};
};

/// An index of the plugin in one file, over rows that outlive it. Calls throw std::runtime_error.
/// Thread: `search` may be called from several threads.
class plugin_index {
 public:
  plugin_index(const lent_rows& rows, const graph_params& params, const std::string& file);
  ~plugin_index();
  plugin_index(const plugin_index&) = delete;
  plugin_index& operator=(const plugin_index&) = delete;

  /// Inserts every row, on `threads` threads.
  void build(unsigned threads);
  /// `dead` may be null; `out` has room for `k`; returns how many were found.
  std::size_t search(const float* query, std::size_t k, std::size_t ef, const thespis_bitmap* dead,
                     std::uint32_t* out) const;
  [[nodiscard]] std::string save() const;
  /// `dead` may be null.
  void load(const std::string& bytes, const thespis_bitmap* dead);
  [[nodiscard]] std::uint64_t bytes() const { return table_->bytes(self_); }

 private:
  const lent_rows& rows_;
  void* self_ = nullptr;
  const thespis_index_table* table_ = nullptr;
};

}  // namespace thespis::bench
