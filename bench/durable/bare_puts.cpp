// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What WiredTiger alone makes of single durable writes, opened as the server opens it: one row,
// one commit without sync, one flush of the log, on one thread. The yardstick of
// bench/durable_upserts.py.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/bytes.hpp"
#include "storage/parts.hpp"

namespace thespis::bench {
namespace {

struct options {
  std::filesystem::path folder;
  std::size_t row_bytes = 3200;
  std::uint32_t rows = 8000;
  std::uint32_t seed = 42;
};

void require(const result<void>& outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message);
}

template <class Value>
Value value_of(result<Value>&& outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message);
  return std::move(*outcome);
}

// Bytes that nothing can shorten.
std::string random_row(std::mt19937_64& random, std::size_t bytes) {
  std::string row(bytes, '\0');
  for (auto& byte : row) byte = static_cast<char>(random());
  return row;
}

/// One table and what writes to it.
class bare_table {
 public:
  explicit bare_table(const options& how) : random_(how.seed), rows_(how.rows) {
    static constexpr const char* name = "table:bare";
    const config::storage settings;
    connection_ = value_of(storage::open_database(how.folder, storage::configuration(settings)));
    session_ = value_of(connection_.open_session());
    require(session_.create(name));
    cursor_ = value_of(session_.open(name));
    for (std::size_t i = 0; i < values_; ++i) data_.push_back(random_row(random_, how.row_bytes));
  }

  /// Writes rows in turn, over and over, for a time; prints what came of it.
  void run(double seconds) {
    std::vector<double> took_us;
    const auto begin = clock::now();
    for (auto now = begin; since(begin, now) < seconds;) {
      put();
      const auto then = clock::now();
      took_us.push_back(1e6 * since(now, then));
      now = then;
    }
    const double passed = since(begin, clock::now());
    std::sort(took_us.begin(), took_us.end());
    const auto at = [&](double share) {
      return took_us[static_cast<std::size_t>(share * static_cast<double>(took_us.size() - 1))];
    };
    std::printf(
        "{\"seconds\": %.3f, \"puts\": %zu, \"puts_per_s\": %.1f, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f}\n",
        passed, took_us.size(), static_cast<double>(took_us.size()) / passed, at(0.5), at(0.99));
    std::fflush(stdout);
  }

 private:
  using clock = std::chrono::steady_clock;

  static double since(clock::time_point begin, clock::time_point end) {
    return std::chrono::duration<double>(end - begin).count();
  }

  void put() {
    key_.clear();
    storage::byte_writer(key_).u64_big_endian(count_ % rows_);
    storage::wt::transaction writing(session_);
    require(writing.begun());
    require(cursor_.put(key_, data_[count_ % values_]));
    require(writing.commit());
    require(session_.flush_log());
    ++count_;
  }

  static constexpr std::size_t values_ = 257;  // has no divisor in common with most `rows`

  std::mt19937_64 random_;
  std::uint64_t rows_;
  std::uint64_t count_ = 0;
  std::string key_;
  std::vector<std::string> data_;
  storage::wt::connection connection_;
  storage::wt::session session_;
  storage::wt::cursor cursor_;
};

void run(const options& how) {
  if (!std::filesystem::is_directory(how.folder))
    throw std::runtime_error(how.folder.string() + " is no folder");
  bare_table table(how);
  for (double seconds = 0; std::cin >> seconds;) table.run(seconds);
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures durable puts into a bare table; reads the seconds of rounds from standard input "
      "and prints a JSON object for each");
  app.add_option("folder", how.folder, "An empty folder, on the disk to be measured")->required();
  app.add_option("--row-bytes", how.row_bytes, "Bytes of a row")->check(CLI::Range(1, 16 << 20));
  app.add_option("--rows", how.rows, "Rows that are written in turn")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("--seed", how.seed, "Seed");
  CLI11_PARSE(app, argc, argv);
  try {
    thespis::bench::run(how);
  } catch (const std::exception& failure) {
    std::cerr << "thespis_bench_durable: " << failure.what() << '\n';
    return 1;
  }
  return 0;
}
