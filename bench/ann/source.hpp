// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <string>

#include "bench/ann/dataset.hpp"

namespace thespis::bench {

/// Where a data set comes from.
struct source {
  std::string base;  ///< Empty: generated clusters.
  std::string queries;
  std::string truth;         ///< Exact neighbours, `.ibin`; empty: they are found by comparing.
  std::size_t columns = 64;  ///< Of generated vectors.
  bool cosine = false;
  std::size_t rows_max = 0;  ///< 0: all, or 20,000 that are generated.
  std::size_t queries_max = 1000;
};

/// Adds the options that fill `from`.
void add_options(CLI::App& app, source& from);

/// Reads the files or draws the clusters. Errors: throws std::runtime_error.
[[nodiscard]] dataset read(const source& from);

}  // namespace thespis::bench
