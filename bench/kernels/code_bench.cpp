// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <benchmark/benchmark.h>
#include <hwy/aligned_allocator.h>

#include <bit>
#include <cstring>
#include <random>

#include "bench/kernels/peak.hpp"
#include "plugins/kernels/bit_distance.hpp"
#include "plugins/kernels/byte_distance.hpp"
#include "plugins/kernels/half_distance.hpp"

// A loop that the compiler leaves as it is written: what every kernel is compared with.
#define THESPIS_SCALAR __attribute__((noinline, optimize("no-tree-vectorize")))

namespace {

namespace kernels = thespis::kernels;
using kernels::metric;

// Rows that stay in the first-level cache with the query.
constexpr std::size_t rows_count = 4;
constexpr std::size_t line_bytes = 64;

// A query and rows of random bytes, each on a cache line of its own. Every byte is one of eight
// that make ordinary floats of 16 and of 32 bits: tiny ones would slow the arithmetic down.
class cached_rows {
 public:
  cached_rows(std::size_t query_bytes, std::size_t row_bytes)
      : query_room_((query_bytes + line_bytes - 1) / line_bytes * line_bytes),
        row_room_((row_bytes + line_bytes - 1) / line_bytes * line_bytes),
        memory_(hwy::AllocateAligned<std::uint8_t>(query_room_ + rows_count * row_room_)) {
    constexpr unsigned first = 0x38;
    std::mt19937 random(42);
    for (std::size_t i = 0; i < query_room_ + rows_count * row_room_; ++i)
      memory_[i] = static_cast<std::uint8_t>(first + random() % 8);
  }
  template <class Component>
  [[nodiscard]] const Component* query() const {
    return reinterpret_cast<const Component*>(memory_.get());
  }
  template <class Component>
  [[nodiscard]] const Component* row(std::size_t i) const {
    return reinterpret_cast<const Component*>(memory_.get() + query_room_ + i * row_room_);
  }

 private:
  std::size_t query_room_;
  std::size_t row_room_;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> memory_;
};

THESPIS_SCALAR std::int64_t scalar_l2(const std::uint8_t* a, const std::uint8_t* b,
                                      std::size_t dimension) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

THESPIS_SCALAR std::int64_t scalar_l1(const std::uint8_t* a, const std::uint8_t* b,
                                      std::size_t dimension) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += a[i] < b[i] ? b[i] - a[i] : a[i] - b[i];
  return sum;
}

template <class Query, class Row>
THESPIS_SCALAR std::int64_t scalar_dot(const Query* a, const Row* b, std::size_t dimension) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += a[i] * b[i];
  return sum;
}

// A word at a time, as the plain instruction set counts bits.
THESPIS_SCALAR std::uint32_t scalar_hamming(const std::uint8_t* a, const std::uint8_t* b,
                                            std::size_t bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes; i += sizeof(std::uint64_t)) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a + i, sizeof(x));
    std::memcpy(&y, b + i, sizeof(y));
    sum += static_cast<std::uint32_t>(std::popcount(x ^ y));
  }
  return sum;
}

THESPIS_SCALAR float scalar_bfloat16_l2(const float* a, const std::uint16_t* b,
                                        std::size_t dimension) {
  float sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    const float delta = a[i] - std::bit_cast<float>(std::uint32_t{b[i]} << 16);
    sum += delta * delta;
  }
  return sum;
}

void count(benchmark::State& state, std::size_t dimension) {
  const auto pairs = state.iterations() * static_cast<std::int64_t>(rows_count);
  state.SetItemsProcessed(pairs);
  state.counters["components"] = benchmark::Counter(
      static_cast<double>(pairs) * static_cast<double>(dimension), benchmark::Counter::kIsRate);
  state.SetLabel(kernels::active_target());
}

// One query against the rows, one after the other. `bits` is the size of a row's component.
template <class Query, class Row, class Kernel>
void one_by_one(benchmark::State& state, Kernel kernel, std::size_t row_bytes) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const cached_rows data(dimension * sizeof(Query), row_bytes);
  for (auto _ : state)
    for (std::size_t i = 0; i < rows_count; ++i)
      benchmark::DoNotOptimize(kernel(data.query<Query>(), data.row<Row>(i), dimension));
  count(state, dimension);
}

template <class Query, class Row, class Out, class Kernel>
void at_once(benchmark::State& state, Kernel kernel, std::size_t row_bytes) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const cached_rows data(dimension * sizeof(Query), row_bytes);
  const Row* rows[rows_count];
  for (std::size_t i = 0; i < rows_count; ++i) rows[i] = data.row<Row>(i);
  Out out[rows_count];
  for (auto _ : state) {
    kernel(data.query<Query>(), rows, rows_count, dimension, out);
    benchmark::DoNotOptimize(out);
  }
  count(state, dimension);
}

template <class Query, class Row>
void byte_scalar(benchmark::State& state,
                 std::int64_t (*loop)(const Query*, const Row*, std::size_t)) {
  one_by_one<Query, Row>(state, loop, static_cast<std::size_t>(state.range(0)));
}

template <class Query, class Row>
void byte_one(benchmark::State& state, kernels::byte_kernels<Query, Row> chosen) {
  one_by_one<Query, Row>(state, chosen.one, static_cast<std::size_t>(state.range(0)));
}

template <class Query, class Row>
void byte_many(benchmark::State& state, kernels::byte_kernels<Query, Row> chosen) {
  at_once<Query, Row, std::int64_t>(state, chosen.many, static_cast<std::size_t>(state.range(0)));
}

template <class Loop>
void half_one(benchmark::State& state, Loop loop) {
  one_by_one<float, std::uint16_t>(state, loop, 2 * static_cast<std::size_t>(state.range(0)));
}

void half_many(benchmark::State& state, kernels::half_kernels chosen) {
  at_once<float, std::uint16_t, float>(state, chosen.many,
                                       2 * static_cast<std::size_t>(state.range(0)));
}

// The dimension is that of the vectors; kernels on bits are told bytes.
template <class Kernel>
void hamming(benchmark::State& state, Kernel kernel) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const cached_rows data(dimension / 8, dimension / 8);
  for (auto _ : state)
    for (std::size_t i = 0; i < rows_count; ++i)
      benchmark::DoNotOptimize(
          kernel(data.query<std::uint8_t>(), data.row<std::uint8_t>(i), dimension / 8));
  count(state, dimension);
}

void hamming_many(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const cached_rows data(dimension / 8, dimension / 8);
  const std::uint8_t* rows[rows_count];
  for (std::size_t i = 0; i < rows_count; ++i) rows[i] = data.row<std::uint8_t>(i);
  const auto kernel = kernels::bit_kernels_here().hamming_many;
  std::uint32_t out[rows_count];
  for (auto _ : state) {
    kernel(data.query<std::uint8_t>(), rows, rows_count, dimension / 8, out);
    benchmark::DoNotOptimize(out);
  }
  count(state, dimension);
}

void plane_dot(benchmark::State& state) {
  constexpr std::size_t planes = 4;
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const cached_rows data(planes * dimension / 8, dimension / 8);
  const auto kernel = kernels::bit_kernels_here().dot;
  for (auto _ : state)
    for (std::size_t i = 0; i < rows_count; ++i)
      benchmark::DoNotOptimize(
          kernel(data.query<std::uint8_t>(), planes, data.row<std::uint8_t>(i), dimension / 8));
  count(state, dimension);
}

// What the arithmetic units could do with bytes if memory cost nothing.
void byte_peak(benchmark::State& state) {
  constexpr std::size_t rounds = 1000;
  std::size_t done = 0;
  std::int32_t kept = 1;
  for (auto _ : state) {
    done += thespis::bench::byte_product_rounds(rounds, &kept);
    benchmark::DoNotOptimize(kept);
  }
  state.counters["components"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
}

void dimensions(benchmark::internal::Benchmark* bench) {
  for (const int d : {128, 768, 1536}) bench->Arg(d);
}

BENCHMARK_CAPTURE(byte_scalar, uint8_l2, scalar_l2)->Apply(dimensions);
BENCHMARK_CAPTURE(byte_one, uint8_l2, kernels::uint8_kernels_for(metric::l2_squared))
    ->Apply(dimensions);
BENCHMARK_CAPTURE(byte_many, uint8_l2, kernels::uint8_kernels_for(metric::l2_squared))
    ->Apply(dimensions);
BENCHMARK_CAPTURE(byte_scalar, uint8_l1, scalar_l1)->Apply(dimensions);
BENCHMARK_CAPTURE(byte_one, uint8_l1, kernels::uint8_kernels_for(metric::l1))->Apply(dimensions);
BENCHMARK_CAPTURE(byte_scalar, uint8_dot, scalar_dot<std::uint8_t, std::uint8_t>)
    ->Apply(dimensions);
BENCHMARK_CAPTURE(byte_one, uint8_dot, kernels::uint8_kernels_for(metric::dot))->Apply(dimensions);
BENCHMARK_CAPTURE(byte_scalar, int8_dot, scalar_dot<std::int8_t, std::int8_t>)->Apply(dimensions);
BENCHMARK_CAPTURE(byte_one, int8_dot, kernels::int8_kernels_for(metric::dot))->Apply(dimensions);
BENCHMARK_CAPTURE(byte_one, int8_l2, kernels::int8_kernels_for(metric::l2_squared))
    ->Apply(dimensions);
BENCHMARK_CAPTURE(hamming, scalar, scalar_hamming)->Apply(dimensions);
BENCHMARK_CAPTURE(hamming, best, kernels::bit_kernels_here().hamming)->Apply(dimensions);
BENCHMARK(hamming_many)->Apply(dimensions);
BENCHMARK(plane_dot)->Apply(dimensions);
BENCHMARK_CAPTURE(half_one, scalar_bfloat16_l2, scalar_bfloat16_l2)->Apply(dimensions);
BENCHMARK_CAPTURE(half_one, bfloat16_l2, kernels::bfloat16_kernels_for(metric::l2_squared).one)
    ->Apply(dimensions);
BENCHMARK_CAPTURE(half_one, float16_l2, kernels::float16_kernels_for(metric::l2_squared).one)
    ->Apply(dimensions);
BENCHMARK_CAPTURE(half_many, float16_l2, kernels::float16_kernels_for(metric::l2_squared))
    ->Apply(dimensions);
BENCHMARK_CAPTURE(half_many, float16_dot, kernels::float16_kernels_for(metric::dot))
    ->Apply(dimensions);
BENCHMARK(byte_peak);

}  // namespace
