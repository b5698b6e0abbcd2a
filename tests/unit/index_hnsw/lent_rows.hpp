// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace thespis::test {

/// A bitmap of one chunk, as the interface wants it.
class bitmap {
 public:
  explicit bitmap(std::uint32_t slots) : words_((slots + 63) / 64 + 1), chunk_(words_.data()) {
    while ((std::uint64_t{64} * words_.size()) > (std::uint64_t{1} << log2_)) ++log2_;
    words_.resize((std::size_t{1} << log2_) / 64);
    chunk_ = words_.data();
  }
  bitmap(const bitmap&) = delete;
  bitmap& operator=(const bitmap&) = delete;

  void insert(std::uint32_t slot) {
    if (contains(slot)) return;
    words_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    ++size_;
  }
  [[nodiscard]] bool contains(std::uint32_t slot) const {
    return slot / 64 < words_.size() && (words_[slot / 64] >> (slot % 64) & 1) != 0;
  }
  [[nodiscard]] thespis_bitmap view() const {
    return {sizeof(thespis_bitmap), log2_, &chunk_, 1, 0, size_};
  }

 private:
  std::vector<std::uint64_t> words_;
  const std::uint64_t* chunk_;
  std::uint32_t log2_ = 6;
  std::uint64_t size_ = 0;
};

inline void* give(void*, std::size_t bytes, std::size_t alignment) {
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, whole);
  if (memory != nullptr) std::memset(memory, 0, whole);
  return memory;
}

inline void take(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }

/// Rows as the host lends them.
class rows {
 public:
  rows(thespis_metric metric, std::uint32_t dimension, std::uint32_t count,
       std::uint32_t flags = THESPIS_ARENA_EVICTABLE)
      : dimension_(dimension),
        padded_((dimension + 15) / 16 * 16),
        stride_(padded_ + 16),
        count_(count),
        memory_(static_cast<float*>(give(nullptr, stride_ * count * sizeof(float), 64))),
        chunk_(reinterpret_cast<const unsigned char*>(memory_)),
        lent_{sizeof(thespis_arena),
              metric,
              dimension,
              padded_,
              31,
              metric == THESPIS_METRIC_COSINE ? padded_ * 4 : 0,
              stride_ * sizeof(float),
              &chunk_,
              flags,
              THESPIS_ELEMENT_FLOAT32,
              nullptr,
              nullptr} {}
  ~rows() { std::free(memory_); }
  rows(const rows&) = delete;
  rows& operator=(const rows&) = delete;

  /// Values are drawn from a few levels only if `levels` is set, so that ties are many.
  void fill(std::uint32_t seed, int levels = 0) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (std::uint32_t i = 0; i < count_; ++i) {
      for (std::uint32_t j = 0; j < dimension_; ++j)
        row(i)[j] = levels == 0 ? normal(random)
                                : static_cast<float>(random() % static_cast<unsigned>(levels));
      double square = 0;
      for (std::uint32_t j = 0; j < dimension_; ++j) square += double{row(i)[j]} * row(i)[j];
      row(i)[padded_] = square > 0 ? static_cast<float>(1 / std::sqrt(square)) : 0;
    }
  }

  [[nodiscard]] float* row(std::uint32_t slot) const { return memory_ + slot * stride_; }
  [[nodiscard]] std::uint32_t size() const { return count_; }
  [[nodiscard]] const thespis_arena& lent() const { return lent_; }

  /// Rank of a slot in double precision.
  [[nodiscard]] double rank(const float* query, std::uint32_t slot) const {
    double sum = 0;
    double qq = 0;
    double rr = 0;
    for (std::uint32_t j = 0; j < dimension_; ++j) {
      const double q = query[j];
      const double r = row(slot)[j];
      qq += q * q;
      rr += r * r;
      if (lent_.metric == THESPIS_METRIC_EUCLID) {
        sum += (q - r) * (q - r);
      } else if (lent_.metric == THESPIS_METRIC_MANHATTAN) {
        sum += std::fabs(q - r);
      } else {
        sum -= q * r;
      }
    }
    if (lent_.metric != THESPIS_METRIC_COSINE) return sum;
    return qq == 0 || rr == 0 ? 0 : sum / std::sqrt(qq * rr);
  }

 private:
  std::uint32_t dimension_;
  std::uint32_t padded_;
  std::size_t stride_;
  std::uint32_t count_;
  float* memory_;
  const unsigned char* chunk_;
  thespis_arena lent_;
};

}  // namespace thespis::test
