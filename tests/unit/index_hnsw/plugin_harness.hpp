// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <dlfcn.h>
#include <thespis/plugin/index.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
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
  [[nodiscard]] thespis_bitmap view() const { return {&chunk_, 1, log2_, size_}; }

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

/// What the plugin in `file` says of itself; it stays loaded.
inline const thespis_plugin_descriptor& descriptor_of(const char* file) {
  void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto function =
      reinterpret_cast<thespis_plugin_function>(dlsym(library, THESPIS_PLUGIN_SYMBOL));
  return *function();
}

inline const thespis_services& services() {
  static const thespis_services table{
      sizeof(thespis_services),
      0,
      nullptr,
      [](void*, thespis_log_level, const char*, std::size_t) {},
      give,
      take,
      [](void*, std::size_t count, thespis_parallel_body body, void* state) {
        const auto every_other = [=](std::size_t first) {
          for (std::size_t i = first; i < count; i += 2) body(state, i);
        };
        const std::jthread odd(every_other, 1);
        every_other(0);
      },
      [](void*, const char*, thespis_object*, thespis_failure*) -> thespis_status {
        return THESPIS_NOT_FOUND;
      },
      [](void*, const char* name, const void* params, thespis_object* out,
         thespis_failure* failure) -> thespis_status {
        if (std::string("sq4") != name) return THESPIS_NOT_FOUND;
        return descriptor_of(THESPIS_QUANTIZER_FILE).create(&services(), params, out, failure);
      }};
  return table;
}

/// Rows as the host lends them.
class rows {
 public:
  rows(thespis_metric metric, std::uint32_t dimension, std::uint32_t count)
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
              THESPIS_ARENA_EVICTABLE,
              0,
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

inline const thespis_plugin_descriptor& plugin() {
  static const auto& descriptor = descriptor_of(THESPIS_PLUGIN_FILE);
  return descriptor;
}

/// What to ask beside the vector.
struct ask {
  std::uint32_t k = 10;
  std::uint32_t ef = 0;
  std::uint32_t first_slot = 0;
  std::uint32_t end_slot = 0xFFFFFFFFu;
  const thespis_bitmap* dead = nullptr;
  const thespis_bitmap* allowed = nullptr;
  std::uint32_t flags = 0;
  float oversampling = 0;
};

/// An index of the plugin under test. Calls throw std::runtime_error where they fail.
class graph_index {
 public:
  explicit graph_index(const rows& data, std::uint32_t m = 8, std::uint32_t ef_construct = 64,
                       std::uint64_t seed = 42, const char* quantizer = nullptr) {
    const thespis_index_params params{
        sizeof(params), data.lent().metric, data.lent().dimension,   m, ef_construct, 0,
        seed,           &data.lent(),       THESPIS_PRESET_BALANCED, 0, quantizer};
    thespis_failure failure{};
    thespis_object made{};
    check(plugin().create(&services(), &params, &made, &failure), failure);
    self_ = made.self;
    table_ = static_cast<const thespis_index_table*>(made.table);
  }
  ~graph_index() { table_->destroy(self_); }
  graph_index(const graph_index&) = delete;
  graph_index& operator=(const graph_index&) = delete;

  void insert(std::uint32_t slot) {
    thespis_failure failure{};
    check(table_->insert(self_, &slot, 1, &failure), failure);
  }
  void insert_range(std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t slot = first; slot < end; ++slot) insert(slot);
  }

  /// `query` is a row of some `rows`: aligned and padded.
  [[nodiscard]] std::vector<thespis_hit> search(const float* query, const ask& what) const {
    const thespis_index_query task{
        sizeof(task), what.k,    what.ef,      what.first_slot, what.end_slot,    0,
        query,        what.dead, what.allowed, what.flags,      what.oversampling};
    std::vector<thespis_hit> found(what.k);
    thespis_hits hits{found.data(), 0};
    thespis_failure failure{};
    check(table_->search(self_, &task, &hits, &failure), failure);
    found.resize(hits.count);
    return found;
  }

  thespis_maintenance maintain(const thespis_bitmap* dead = nullptr) {
    thespis_maintenance report{};
    thespis_failure failure{};
    check(table_->maintain(self_, dead, &report, &failure), failure);
    return report;
  }

  [[nodiscard]] std::string save(std::uint32_t end_slot = 0xFFFFFFFFu) const {
    std::string bytes;
    const thespis_writer to{
        sizeof(to), end_slot, &bytes, [](void* context, const void* data, std::size_t size) {
          static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
          return thespis_status{THESPIS_OK};
        }};
    thespis_failure failure{};
    check(table_->save(self_, &to, &failure), failure);
    return bytes;
  }

  [[nodiscard]] thespis_status load(const std::string& bytes, std::uint32_t end_slot,
                                    const thespis_bitmap* dead = nullptr) {
    struct source {
      const std::string* bytes;
      std::size_t at;
    } state{&bytes, 0};
    const auto read = [](void* context, void* data, std::size_t size) -> thespis_status {
      auto& self = *static_cast<source*>(context);
      if (size > self.bytes->size() - self.at) return THESPIS_IO;
      std::memcpy(data, self.bytes->data() + self.at, size);
      self.at += size;
      return THESPIS_OK;
    };
    const thespis_reader from{sizeof(from), end_slot, &state, bytes.size(), read, dead};
    thespis_failure failure{};
    return table_->load(self_, &from, &failure);
  }

  [[nodiscard]] std::uint64_t bytes() const { return table_->bytes(self_); }

 private:
  static void check(thespis_status status, const thespis_failure& failure) {
    if (status != THESPIS_OK)
      throw std::runtime_error(std::to_string(status) + ": " + failure.message);
  }

  void* self_ = nullptr;
  const thespis_index_table* table_ = nullptr;
};

}  // namespace thespis::test
