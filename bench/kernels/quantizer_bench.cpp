// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <benchmark/benchmark.h>
#include <hwy/aligned_allocator.h>

#include <cstring>
#include <random>
#include <vector>

#include "plugins/kernels/block_codes.hpp"
#include "plugins/kernels/code_kernels.hpp"
#include "plugins/kernels/distance.hpp"
#include "plugins/kernels/grid.hpp"
#include "plugins/kernels/rotation.hpp"
#include "plugins/kernels/sign_codes.hpp"

// A loop that the compiler leaves as it is written: what every kernel is compared with.
#define THESPIS_SCALAR __attribute__((noinline, optimize("no-tree-vectorize")))

namespace {

namespace kernels = thespis::kernels;

// What a node of a graph meets; codes that stay in the first-level cache where they are short.
constexpr std::size_t rows_count = 32;
constexpr kernels::code_query line{0, 1, 1e-3F, 0};

// Codes whose components begin on a cache line (0) or in the middle of one (32).
class coded_rows {
 public:
  coded_rows(std::size_t code_bytes, std::size_t offset)
      : stride_((code_bytes + 127) / 64 * 64),
        memory_(hwy::AllocateAligned<std::uint8_t>(2 * rows_count * stride_ + 128)),
        query_(hwy::AllocateAligned<std::int8_t>(8192)) {
    std::mt19937 random(42);
    for (std::size_t i = 0; i < 2 * rows_count * stride_ + 128; ++i)
      memory_[i] = static_cast<std::uint8_t>(random());
    for (std::size_t i = 0; i < 8192; ++i)
      query_[i] = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
    auto* codes = memory_.get() + 64 - sizeof(kernels::code_head) + offset;
    auto* finer = memory_.get() + rows_count * stride_ + 64 - sizeof(float) + offset;
    for (std::size_t i = 0; i < rows_count; ++i) {
      constexpr kernels::code_head head{1, 1};
      std::memcpy(codes + i * stride_, &head, sizeof(head));
      std::memcpy(finer + i * stride_, &head, sizeof(float));
      codes_[i] = codes + i * stride_;
      refinements_[i] = finer + i * stride_;
    }
  }
  [[nodiscard]] const std::int8_t* query() const { return query_.get(); }
  [[nodiscard]] const void* const* codes() const { return codes_; }
  [[nodiscard]] const void* const* refinements() const { return refinements_; }

 private:
  std::size_t stride_;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> memory_;
  hwy::AlignedFreeUniquePtr<std::int8_t[]> query_;
  const void* codes_[rows_count];
  const void* refinements_[rows_count];
};

THESPIS_SCALAR void scalar_bytes(const std::int8_t* query, std::size_t dimension,
                                 const void* const* codes, float* ranks) {
  for (std::size_t r = 0; r < rows_count; ++r) {
    const auto* code = static_cast<const std::uint8_t*>(codes[r]) + sizeof(kernels::code_head);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) sum += query[i] * code[i];
    ranks[r] = line.scale * static_cast<float>(sum);
  }
}

// The lower halves of a query's block come first; see `code_kernels`.
THESPIS_SCALAR void scalar_nibbles(const std::int8_t* query, std::size_t bytes,
                                   const void* const* codes, float* ranks) {
  for (std::size_t r = 0; r < rows_count; ++r) {
    const auto* code = static_cast<const std::uint8_t*>(codes[r]) + sizeof(kernels::code_head);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto* at = query + i / 64 * 128 + i % 64;
      sum += at[0] * (code[i] & 15) + at[64] * (code[i] >> 4);
    }
    ranks[r] = line.scale * static_cast<float>(sum);
  }
}

THESPIS_SCALAR void scalar_signs(const std::int8_t* query, std::size_t dimension,
                                 const void* const* codes, float* ranks) {
  for (std::size_t r = 0; r < rows_count; ++r) {
    const auto* code = static_cast<const std::uint8_t*>(codes[r]) + sizeof(kernels::code_head);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) sum += (code[i / 8] >> i % 8 & 1) * query[i];
    ranks[r] = line.scale * static_cast<float>(sum);
  }
}

// `run(rows, dimension, ranks)` estimates all rows.
template <class Run>
void estimate(benchmark::State& state, Run run) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const coded_rows data(dimension + sizeof(kernels::code_head),
                        static_cast<std::size_t>(state.range(1)));
  float ranks[rows_count];
  for (auto _ : state) {
    run(data, dimension, ranks);
    benchmark::DoNotOptimize(ranks);
  }
  const auto rows = state.iterations() * static_cast<std::int64_t>(rows_count);
  state.SetItemsProcessed(rows);
  state.counters["components"] = benchmark::Counter(
      static_cast<double>(rows) * static_cast<double>(dimension), benchmark::Counter::kIsRate);
  state.SetLabel(kernels::active_target());
}

void bytes_scalar(benchmark::State& state) {
  estimate(state, [](const coded_rows& rows, std::size_t dimension, float* ranks) {
    scalar_bytes(rows.query(), dimension, rows.codes(), ranks);
  });
}
void bytes_best(benchmark::State& state) {
  const auto kernel = kernels::code_kernels_here().estimate_bytes;
  estimate(state, [=](const coded_rows& rows, std::size_t dimension, float* ranks) {
    kernel(line, rows.query(), dimension, rows.codes(), rows_count, ranks);
  });
}
void nibbles_scalar(benchmark::State& state) {
  estimate(state, [](const coded_rows& rows, std::size_t dimension, float* ranks) {
    scalar_nibbles(rows.query(), kernels::nibble_bytes(dimension), rows.codes(), ranks);
  });
}
void nibbles_best(benchmark::State& state) {
  const auto kernel = kernels::code_kernels_here().estimate_nibbles;
  estimate(state, [=](const coded_rows& rows, std::size_t dimension, float* ranks) {
    kernel(line, rows.query(), kernels::nibble_bytes(dimension), rows.codes(), rows_count, ranks);
  });
}
void joined_best(benchmark::State& state) {
  const auto kernel = kernels::code_kernels_here().estimate_joined;
  estimate(state, [=](const coded_rows& rows, std::size_t dimension, float* ranks) {
    kernel(line, rows.query(), kernels::nibble_bytes(dimension), rows.codes(), rows.refinements(),
           rows_count, ranks);
  });
}
void signs_scalar(benchmark::State& state) {
  estimate(state, [](const coded_rows& rows, std::size_t dimension, float* ranks) {
    scalar_signs(rows.query(), dimension, rows.codes(), ranks);
  });
}
void signs_best(benchmark::State& state) {
  const auto kernel = kernels::sign_kernels_here().estimate;
  estimate(state, [=](const coded_rows& rows, std::size_t dimension, float* ranks) {
    kernel(line, rows.query(), dimension, rows.codes(), rows_count, ranks);
  });
}

// All 32 rows of a block.
void block_best(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const auto chosen = kernels::block_kernels_here();
  const auto tables = hwy::AllocateAligned<std::uint8_t>(kernels::block_table_bytes(dimension));
  const auto block = hwy::AllocateAligned<std::uint8_t>(kernels::block_bytes(dimension));
  std::mt19937 random(42);
  std::vector<float> query(kernels::block_groups(dimension) * 4);
  for (auto& value : query) value = std::uniform_real_distribution<float>(-1, 1)(random);
  std::memset(block.get(), 0, sizeof(kernels::block_head));
  for (std::size_t i = sizeof(kernels::block_head); i < kernels::block_bytes(dimension); ++i)
    block[i] = static_cast<std::uint8_t>(random());
  const auto made = chosen.make_tables(query.data(), dimension, tables.get());
  float ranks[kernels::block_rows];
  for (auto _ : state) {
    chosen.estimate(made, tables.get(), dimension, block.get(), 0, ranks);
    benchmark::DoNotOptimize(ranks);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kernels::block_rows));
}

void rotate(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const kernels::rotation map(dimension, 42);
  std::vector<float> vector(dimension, 1);
  for (auto _ : state) {
    map.apply(vector.data());
    benchmark::ClobberMemory();
  }
}

void fit(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  std::mt19937 random(42);
  std::normal_distribution<float> spread;
  std::vector<float> y((dimension + 15) / 16 * 16);
  for (std::size_t i = 0; i < dimension; ++i) y[i] = spread(random);
  std::vector<std::uint8_t> cells(y.size());
  const auto kernel = kernels::grid_kernels_here().fit;
  for (auto _ : state)
    benchmark::DoNotOptimize(kernel(y.data(), dimension, state.range(1) != 0, cells.data()));
}

void sizes(benchmark::internal::Benchmark* bench) {
  for (const int dimension : {128, 768, 784, 1536})
    for (const int offset : {0, 32}) bench->Args({dimension, offset});
}
void dimensions(benchmark::internal::Benchmark* bench) {
  for (const int dimension : {100, 128, 784, 1536}) bench->Arg(dimension);
}
void fits(benchmark::internal::Benchmark* bench) {
  for (const int split : {0, 1}) bench->Args({784, split});
}

BENCHMARK(bytes_scalar)->Apply(sizes);
BENCHMARK(bytes_best)->Apply(sizes);
BENCHMARK(nibbles_scalar)->Apply(sizes);
BENCHMARK(nibbles_best)->Apply(sizes);
BENCHMARK(joined_best)->Apply(sizes);
BENCHMARK(signs_scalar)->Apply(sizes);
BENCHMARK(signs_best)->Apply(sizes);
BENCHMARK(block_best)->Apply(dimensions);
BENCHMARK(rotate)->Apply(dimensions);
BENCHMARK(fit)->Apply(fits);

}  // namespace
