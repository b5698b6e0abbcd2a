// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <dlfcn.h>
#include <sys/mman.h>
#include <thespis/plugin/index.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "bench/ann/subject.hpp"
#include "plugins/kernels/distance.hpp"

namespace thespis::bench {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

void* allocate(void*, std::size_t bytes, std::size_t alignment) {
  const std::size_t unit = bytes >= huge_page ? huge_page : alignment;
  void* memory = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
  if (memory == nullptr) return nullptr;
  if (bytes >= huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
  std::memset(memory, 0, bytes);
  return memory;
}

void release(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }

void say(void*, thespis_log_level, const char*, std::size_t) {}

void one_by_one(void*, std::size_t count, thespis_parallel_body body, void* state) {
  for (std::size_t i = 0; i < count; ++i) body(state, i);
}

thespis_status no_compute(void*, const char*, thespis_object*, thespis_failure*) {
  return THESPIS_NOT_FOUND;
}

constexpr thespis_services services{
    sizeof(thespis_services), 0, nullptr, say, allocate, release, one_by_one, no_compute};

// The rows as the host lends them: one chunk, padded, with the inverse norm behind the padding.
class rows_in_memory {
 public:
  explicit rows_in_memory(const dataset& data) {
    const std::size_t columns = data.base.columns;
    const std::size_t padded = (columns + 15) / 16 * 16;
    const std::size_t stride = padded + (data.cosine ? 16 : 0);
    bytes_ = data.base.rows * stride * sizeof(float);
    memory_ = static_cast<float*>(allocate(nullptr, bytes_, 64));
    if (memory_ == nullptr) throw std::bad_alloc();
    for (std::size_t i = 0; i < data.base.rows; ++i) {
      std::memcpy(memory_ + i * stride, data.base.row(i), columns * sizeof(float));
      if (data.cosine)
        memory_[i * stride + padded] = kernels::inverse_norm(data.base.row(i), columns);
    }
    chunk_ = reinterpret_cast<const unsigned char*>(memory_);
    lent_ = {sizeof(thespis_arena),
             data.cosine ? THESPIS_METRIC_COSINE : THESPIS_METRIC_EUCLID,
             static_cast<std::uint32_t>(columns),
             static_cast<std::uint32_t>(padded),
             31,
             static_cast<std::uint32_t>(data.cosine ? padded * sizeof(float) : 0),
             stride * sizeof(float),
             &chunk_};
  }
  ~rows_in_memory() { std::free(memory_); }
  rows_in_memory(const rows_in_memory&) = delete;
  rows_in_memory& operator=(const rows_in_memory&) = delete;

  [[nodiscard]] const thespis_arena& lent() const { return lent_; }

 private:
  std::size_t bytes_ = 0;
  float* memory_ = nullptr;
  const unsigned char* chunk_ = nullptr;
  thespis_arena lent_{};
};

class thespis_subject final : public subject {
 public:
  thespis_subject(const dataset& data, const graph_params& params, const std::string& file)
      : arena_(data), end_slot_(static_cast<std::uint32_t>(data.base.rows)) {
    library_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(dlerror());
    const auto symbol =
        reinterpret_cast<thespis_plugin_function>(dlsym(library_, THESPIS_PLUGIN_SYMBOL));
    if (symbol == nullptr) throw std::runtime_error(file + " is not a plugin");
    const auto& lent = arena_.lent();
    const thespis_index_params made{
        sizeof(made), lent.metric, lent.dimension, params.m, params.ef_construct, 0, 42, &lent};
    thespis_failure failure{};
    thespis_object object{};
    if (symbol()->create(&services, &made, &object, &failure) != THESPIS_OK)
      throw std::runtime_error(failure.message);
    self_ = object.self;
    table_ = static_cast<const thespis_index_table*>(object.table);
    build(params.threads);
  }
  ~thespis_subject() override { table_->destroy(self_); }
  thespis_subject(const thespis_subject&) = delete;
  thespis_subject& operator=(const thespis_subject&) = delete;

  [[nodiscard]] std::string name() const override { return "thespis"; }

  std::size_t search(const float* query, std::size_t k, std::size_t ef,
                     std::uint32_t* out) override {
    auto& mine = scratch_of_thread(arena_.lent().padded_dimension);
    std::memcpy(mine.query.get(), query, arena_.lent().dimension * sizeof(float));
    const thespis_index_query task{sizeof(task),
                                   static_cast<std::uint32_t>(k),
                                   static_cast<std::uint32_t>(ef),
                                   0,
                                   end_slot_,
                                   0,
                                   mine.query.get(),
                                   nullptr,
                                   nullptr};
    mine.found.resize(k);
    thespis_hits hits{mine.found.data(), 0};
    thespis_failure failure{};
    if (table_->search(self_, &task, &hits, &failure) != THESPIS_OK)
      throw std::runtime_error(failure.message);
    for (std::size_t i = 0; i < hits.count; ++i) out[i] = mine.found[i].slot;
    return hits.count;
  }

  [[nodiscard]] std::uint64_t link_bytes() const override { return table_->bytes(self_); }

 private:
  struct freed {
    void operator()(float* memory) const { std::free(memory); }
  };

  // What a search writes to; the padding of the query stays zero.
  struct scratch {
    std::unique_ptr<float, freed> query;
    std::size_t floats = 0;
    std::vector<thespis_hit> found;
  };

  static scratch& scratch_of_thread(std::size_t floats) {
    thread_local scratch mine;
    if (mine.floats != floats) {
      mine.query.reset(static_cast<float*>(std::aligned_alloc(64, floats * sizeof(float))));
      std::memset(mine.query.get(), 0, floats * sizeof(float));
      mine.floats = floats;
    }
    return mine;
  }

  void build(unsigned threads) {
    std::atomic<std::uint32_t> next{0};
    const auto work = [&] {
      thespis_failure failure{};
      for (std::uint32_t slot = next++; slot < end_slot_; slot = next++)
        if (table_->insert(self_, &slot, 1, &failure) != THESPIS_OK) std::abort();
    };
    std::vector<std::jthread> pool;
    for (unsigned t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
  }

  rows_in_memory arena_;
  std::uint32_t end_slot_;
  void* library_ = nullptr;
  void* self_ = nullptr;
  const thespis_index_table* table_ = nullptr;
};

}  // namespace

std::unique_ptr<subject> build_thespis(const dataset& data, const graph_params& params,
                                       const std::string& file) {
  return std::make_unique<thespis_subject>(data, params, file);
}

}  // namespace thespis::bench
