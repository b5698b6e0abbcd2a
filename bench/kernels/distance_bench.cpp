// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <benchmark/benchmark.h>
#include <hwy/aligned_allocator.h>

#include <random>
#include <string>
#include <vector>

#include "bench/kernels/peak.hpp"
#include "plugins/kernels/distance.hpp"

namespace {

namespace kernels = thespis::kernels;

// The plain loop that every kernel is compared with; the compiler may not reorder its sum.
float scalar_l2(const float* a, const float* b, std::size_t dimension) {
  float sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

float scalar_dot(const float* a, const float* b, std::size_t dimension) {
  float sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += a[i] * b[i];
  return sum;
}

// Rows that stay in the first-level cache with the query.
constexpr std::size_t rows_count = 4;

class rows {
 public:
  explicit rows(std::size_t dimension)
      : stride_((dimension + 15) / 16 * 16),
        memory_(hwy::AllocateAligned<float>(stride_ * (rows_count + 1))) {
    std::mt19937 random(42);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::size_t i = 0; i < stride_ * (rows_count + 1); ++i) memory_[i] = uniform(random);
    for (std::size_t i = 0; i < rows_count; ++i) list_[i] = memory_.get() + (i + 1) * stride_;
  }
  [[nodiscard]] const float* query() const { return memory_.get(); }
  [[nodiscard]] const float* const* list() const { return list_; }

 private:
  std::size_t stride_;
  hwy::AlignedFreeUniquePtr<float[]> memory_;
  const float* list_[rows_count];
};

void count(benchmark::State& state, std::size_t dimension) {
  const auto pairs = state.iterations() * static_cast<std::int64_t>(rows_count);
  state.SetItemsProcessed(pairs);
  // What a kernel reads; the rate at which L1 delivers it is its ceiling.
  state.SetBytesProcessed(pairs * static_cast<std::int64_t>(2 * dimension * sizeof(float)));
  // A difference, a product and a sum a component at most; see `peak`.
  state.counters["components"] = benchmark::Counter(
      static_cast<double>(pairs) * static_cast<double>(dimension), benchmark::Counter::kIsRate);
  state.SetLabel(kernels::active_target());
}

void one_by_one(benchmark::State& state, kernels::one_fn kernel) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const rows data(dimension);
  for (auto _ : state)
    for (std::size_t i = 0; i < rows_count; ++i)
      benchmark::DoNotOptimize(kernel(data.query(), data.list()[i], dimension));
  count(state, dimension);
}

void one(benchmark::State& state, kernels::metric what) {
  one_by_one(state, kernels::kernels_for(what, static_cast<std::size_t>(state.range(0))).one);
}

void many(benchmark::State& state, kernels::metric what) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const rows data(dimension);
  const auto kernel = kernels::kernels_for(what, dimension).many;
  float out[rows_count];
  for (auto _ : state) {
    kernel(data.query(), data.list(), rows_count, dimension, out);
    benchmark::DoNotOptimize(out);
  }
  count(state, dimension);
}

// What the arithmetic units could do if memory cost nothing.
void peak(benchmark::State& state) {
  constexpr std::size_t rounds = 1000;
  std::size_t done = 0;
  float kept = 1;
  for (auto _ : state) {
    done += thespis::bench::multiply_add_rounds(rounds, &kept);
    benchmark::DoNotOptimize(kept);
  }
  state.counters["flops"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
}

void dimensions(benchmark::internal::Benchmark* bench) {
  for (const int d : {100, 128, 768, 784, 1536}) bench->Arg(d);
}

BENCHMARK_CAPTURE(one_by_one, scalar_l2, scalar_l2)->Apply(dimensions);
BENCHMARK_CAPTURE(one_by_one, scalar_dot, scalar_dot)->Apply(dimensions);
BENCHMARK_CAPTURE(one, l2, kernels::metric::l2_squared)->Apply(dimensions);
BENCHMARK_CAPTURE(one, dot, kernels::metric::dot)->Apply(dimensions);
BENCHMARK_CAPTURE(one, l1, kernels::metric::l1)->Apply(dimensions);
BENCHMARK_CAPTURE(many, l2, kernels::metric::l2_squared)->Apply(dimensions);
BENCHMARK_CAPTURE(many, dot, kernels::metric::dot)->Apply(dimensions);
BENCHMARK(peak);

}  // namespace

BENCHMARK_MAIN();
