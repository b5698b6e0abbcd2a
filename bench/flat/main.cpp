// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <sys/mman.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/ann/outcome.hpp"
#include "bench/kernels/peak.hpp"
#include "bench/kernels/stream.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::bench {
namespace {

struct options {
  config::plugins plugins;
  std::size_t rows = 1'000'000;
  std::uint32_t columns = 128;
  std::size_t queries = 256;
  std::uint32_t k = 10;
  unsigned rounds = 7;
  bool cosine = false;
  std::string json_file;
};

// Of this thread on a processor, so that a busy machine does less harm to a comparison.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Body>
double seconds_of(Body body) {
  const double start = busy_seconds();
  body();
  return busy_seconds() - start;
}

// Memory of huge pages that is written once, and read to see how fast that can be.
class stream {
 public:
  stream() : values_(static_cast<float*>(std::aligned_alloc(alignment, bytes))) {
    if (values_ == nullptr) throw std::bad_alloc();
    madvise(values_.get(), bytes, MADV_HUGEPAGE);
    std::fill_n(values_.get(), bytes / sizeof(float), 1.0F);
  }
  double bytes_per_s() {
    return bytes / seconds_of([&] { sum_ += read_stream(values_.get(), bytes / sizeof(float)); });
  }
  [[nodiscard]] float sum() const { return sum_; }

 private:
  struct freed {
    void operator()(float* memory) const { std::free(memory); }
  };
  static constexpr std::size_t alignment = std::size_t{2} << 20;
  static constexpr std::size_t bytes = std::size_t{512} << 20;
  std::unique_ptr<float, freed> values_;
  float sum_ = 0;
};

double peak_flops() {
  constexpr std::size_t rounds = 20'000'000;
  float sum = 0.5F;
  std::size_t done = 0;
  const double seconds = seconds_of([&] { done = multiply_add_rounds(rounds, &sum); });
  if (sum == 0) throw std::runtime_error("the peak's result is lost");
  return static_cast<double>(done) / seconds;
}

std::shared_ptr<plugins::arena> random_arena(const options& how) {
  auto made = value_of(
      plugins::arena::create(how.columns, how.cosine ? distance::cosine : distance::euclid));
  std::minstd_rand random(42);
  std::vector<float> row(how.columns);
  for (slot_t slot = 0; slot < how.rows; ++slot) {
    for (float& value : row) value = static_cast<float>(random() % 1024) / 512 - 1;
    value_of(made->put(slot, row));
  }
  return made;
}

struct asked {
  std::vector<float> values;
  std::vector<plugins::index_query> queries;
  std::vector<std::vector<plugins::ranked_slot>> hits;

  explicit asked(const options& how) : values(how.queries * how.columns), hits(how.queries) {
    std::minstd_rand random(7);
    for (float& value : values) value = static_cast<float>(random() % 1024) / 512 - 1;
    for (std::size_t q = 0; q < how.queries; ++q) {
      plugins::index_query one;
      one.vector = {values.data() + q * how.columns, how.columns};
      one.k = how.k;
      queries.push_back(one);
    }
  }
  void admit(const slot_bitmap* allowed) {
    for (auto& one : queries) one.allowed = allowed;
  }
  [[nodiscard]] std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (const auto& one : hits)
      for (const auto& hit : one) sum = sum * 0x100000001B3u ^ hit.slot;
    return sum;
  }
};

struct best {
  double value = 0;
  void offer(double other) { value = std::max(value, other); }
};

void run(const options& how) {
  const auto all = value_of(plugins::registry::load(how.plugins));
  const auto rows = random_arena(how);
  const auto index = value_of(all->create_index("flat", rows, {}));
  slot_bitmap half;
  for (slot_t slot = 0; slot < how.rows; ++slot)
    if (slot * 2654435761u >> 31 == 0) half.insert(slot);
  asked task(how);
  stream memory;
  best read, single, peak, batch, batch_half;
  // As rows lie in the arena: padded to lines, and for cosine with one more for the norm.
  constexpr std::uint32_t line_floats = 16;
  const auto padded = (how.columns + line_floats - 1) / line_floats * line_floats;
  const double row_bytes =
      static_cast<double>(how.rows) * sizeof(float) * (padded + (how.cosine ? line_floats : 0));
  const double flops = 2.0 * static_cast<double>(how.rows * how.queries) * how.columns;
  std::uint64_t sums[3] = {};
  // In turns, so that whatever else the machine does falls on all alike.
  for (unsigned round = 0; round < how.rounds; ++round) {
    read.offer(memory.bytes_per_s());
    single.offer(row_bytes /
                 seconds_of([&] { value_of(index->search(task.queries[0], task.hits[0])); }));
    sums[0] = task.checksum();
    peak.offer(peak_flops());
    batch.offer(flops /
                seconds_of([&] { value_of(index->search_batch(task.queries, task.hits)); }));
    sums[1] = task.checksum();
    task.admit(&half);
    batch_half.offer(flops /
                     seconds_of([&] { value_of(index->search_batch(task.queries, task.hits)); }));
    sums[2] = task.checksum();
    task.admit(nullptr);
  }
  std::printf("%zu x %u %s, k %u\n", how.rows, how.columns, how.cosine ? "cosine" : "euclid",
              how.k);
  std::printf("one query    %7.2f GB/s of %7.2f GB/s stream   %5.1f %%  checksum %016lx\n",
              single.value / 1e9, read.value / 1e9, 100 * single.value / read.value, sums[0]);
  std::printf("batch %6zu %7.1f GFLOP/s of %7.1f peak       %5.1f %%  checksum %016lx\n",
              how.queries, batch.value / 1e9, peak.value / 1e9, 100 * batch.value / peak.value,
              sums[1]);
  std::printf("half allowed %7.1f GFLOP/s                     %5.1f %%  checksum %016lx\n",
              batch_half.value / 1e9, 100 * batch_half.value / peak.value, sums[2]);
  if (how.json_file.empty()) return;
  const boost::json::object report{{"rows", how.rows},
                                   {"dimension", how.columns},
                                   {"metric", how.cosine ? "cosine" : "euclid"},
                                   {"queries", how.queries},
                                   {"k", how.k},
                                   {"rounds", how.rounds},
                                   {"stream_bytes_per_s", read.value},
                                   {"query_bytes_per_s", single.value},
                                   {"peak_flops", peak.value},
                                   {"batch_flops", batch.value},
                                   {"half_flops", batch_half.value},
                                   {"checksums", {sums[0], sums[1], sums[2]}}};
  if (std::ofstream file(how.json_file); !(file << boost::json::serialize(report)).flush())
    throw std::runtime_error(how.json_file + ": cannot be written");
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures the index plugin flat on generated vectors: one query against the memory's "
      "stream, a batch against the peak of multiply-adds, both measured in the same run");
  app.add_option("--plugins", how.plugins.folders, "Folders of plugins, else beside this program");
  app.add_option("--rows", how.rows, "Rows")->check(CLI::Range(1, 100'000'000));
  app.add_option("--columns", how.columns, "Dimension")->check(CLI::Range(1, 65535));
  app.add_option("--queries", how.queries, "Queries of the batch")->check(CLI::Range(1, 100'000));
  app.add_option("--k,-k", how.k, "Hits a query");
  app.add_option("--rounds", how.rounds, "Rounds; the best counts");
  app.add_flag("--cosine", how.cosine, "Cosine instead of squared Euclidean distance");
  app.add_option("--json", how.json_file, "Write a report for programs here as well");
  CLI11_PARSE(app, argc, argv);
  try {
    thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
