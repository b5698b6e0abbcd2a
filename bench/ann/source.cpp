// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/source.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace thespis::bench {

void add_options(CLI::App& app, source& from) {
  auto* base = app.add_option("--base", from.base, "IDX images (.gz), .u8bin, .f16bin or .fbin");
  auto* queries = app.add_option("--queries", from.queries, "Queries, in the same formats");
  base->needs(queries);
  queries->needs(base);
  auto* rows = app.add_option("--rows-max", from.rows_max, "Rows of the base that are taken");
  app.add_option("--truth", from.truth, "Exact neighbours of the queries, .ibin; else computed")
      ->needs(base)
      ->excludes(rows);
  app.add_option("--columns", from.columns, "Dimension of generated vectors")
      ->check(CLI::Range(1, 65535))
      ->excludes(base);
  app.add_flag("--cosine", from.cosine, "Cosine instead of squared Euclidean distance");
  app.add_option("--queries-max", from.queries_max, "Queries that are taken");
}

dataset read(const source& from) {
  if (from.base.empty()) {
    constexpr std::size_t rows_default = 20'000;
    return clustered(from.rows_max == 0 ? rows_default : from.rows_max, from.queries_max,
                     from.columns, from.cosine, 42);
  }
  dataset data;
  data.name = std::filesystem::path(from.base).filename().string();
  data.cosine = from.cosine;
  data.base = read_matrix(from.base, from.rows_max == 0 ? SIZE_MAX : from.rows_max);
  data.queries = read_matrix(from.queries, from.queries_max);
  if (data.base.columns != data.queries.columns)
    throw std::runtime_error("base and queries differ in dimension");
  return data;
}

}  // namespace thespis::bench
