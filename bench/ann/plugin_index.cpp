// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/plugin_index.hpp"

#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

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

thespis_status no_quantizer(void*, const char*, const void*, thespis_object*, thespis_failure*) {
  return THESPIS_NOT_FOUND;
}

constexpr thespis_services services{sizeof(thespis_services),
                                    0,
                                    nullptr,
                                    say,
                                    allocate,
                                    release,
                                    one_by_one,
                                    no_compute,
                                    no_quantizer};

// What a search writes to; the padding of the query stays zero.
struct search_scratch {
  struct freed {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, freed> query;
  std::size_t floats = 0;
  std::vector<thespis_hit> found;
};

search_scratch& scratch_of_thread(std::size_t floats) {
  thread_local search_scratch mine;
  if (mine.floats != floats) {
    mine.query.reset(static_cast<float*>(std::aligned_alloc(64, floats * sizeof(float))));
    std::memset(mine.query.get(), 0, floats * sizeof(float));
    mine.floats = floats;
  }
  return mine;
}

void check(thespis_status status, const thespis_failure& failure) {
  if (status != THESPIS_OK) throw std::runtime_error(failure.message);
}

}  // namespace

lent_rows::lent_rows(const dataset& data) : count_(static_cast<std::uint32_t>(data.base.rows)) {
  const std::size_t columns = data.base.columns;
  const std::size_t padded = (columns + 15) / 16 * 16;
  stride_ = padded + (data.cosine ? 16 : 0);
  memory_ = static_cast<float*>(allocate(nullptr, count_ * stride_ * sizeof(float), 64));
  if (memory_ == nullptr) throw std::bad_alloc();
  chunk_ = reinterpret_cast<const unsigned char*>(memory_);
  lent_ = {sizeof(thespis_arena),
           data.cosine ? THESPIS_METRIC_COSINE : THESPIS_METRIC_EUCLID,
           static_cast<std::uint32_t>(columns),
           static_cast<std::uint32_t>(padded),
           31,
           static_cast<std::uint32_t>(data.cosine ? padded * sizeof(float) : 0),
           stride_ * sizeof(float),
           &chunk_};
  restore(data);
}

lent_rows::~lent_rows() { std::free(memory_); }

void lent_rows::forget(std::uint32_t slot) {
  std::memset(memory_ + slot * stride_, 0, stride_ * sizeof(float));
}

void lent_rows::restore(const dataset& data) {
  const std::size_t columns = data.base.columns;
  for (std::size_t i = 0; i < count_; ++i) {
    std::memcpy(memory_ + i * stride_, data.base.row(i), columns * sizeof(float));
    if (data.cosine)
      memory_[i * stride_ + lent_.padded_dimension] =
          kernels::inverse_norm(data.base.row(i), columns);
  }
}

plugin_index::plugin_index(const lent_rows& rows, const graph_params& params,
                           const std::string& file)
    : rows_(rows) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto symbol =
      reinterpret_cast<thespis_plugin_function>(dlsym(library, THESPIS_PLUGIN_SYMBOL));
  if (symbol == nullptr) throw std::runtime_error(file + " is not a plugin");
  const auto& lent = rows.lent();
  thespis_index_params made{};
  made.struct_size = sizeof(made);
  made.metric = lent.metric;
  made.dimension = lent.dimension;
  made.hnsw_m = params.m;
  made.hnsw_ef_construct = params.ef_construct;
  made.seed = 42;
  made.arena = &lent;
  thespis_failure failure{};
  thespis_object object{};
  check(symbol()->create(&services, &made, &object, &failure), failure);
  self_ = object.self;
  table_ = static_cast<const thespis_index_table*>(object.table);
}

plugin_index::~plugin_index() { table_->destroy(self_); }

void plugin_index::build(unsigned threads) {
  std::atomic<std::uint32_t> next{0};
  const auto work = [&] {
    thespis_failure failure{};
    for (std::uint32_t slot = next++; slot < rows_.count(); slot = next++)
      if (table_->insert(self_, &slot, 1, &failure) != THESPIS_OK) std::abort();
  };
  std::vector<std::jthread> pool;
  for (unsigned t = 1; t < threads; ++t) pool.emplace_back(work);
  work();
}

std::size_t plugin_index::search(const float* query, std::size_t k, std::size_t ef,
                                 const thespis_bitmap* dead, std::uint32_t* out) const {
  auto& mine = scratch_of_thread(rows_.lent().padded_dimension);
  std::memcpy(mine.query.get(), query, rows_.lent().dimension * sizeof(float));
  const thespis_index_query task{sizeof(task),
                                 static_cast<std::uint32_t>(k),
                                 static_cast<std::uint32_t>(ef),
                                 0,
                                 rows_.count(),
                                 0,
                                 mine.query.get(),
                                 dead,
                                 nullptr};
  mine.found.resize(k);
  thespis_hits hits{mine.found.data(), 0};
  thespis_failure failure{};
  check(table_->search(self_, &task, &hits, &failure), failure);
  for (std::size_t i = 0; i < hits.count; ++i) out[i] = mine.found[i].slot;
  return hits.count;
}

std::string plugin_index::save() const {
  std::string bytes;
  const thespis_writer to{
      sizeof(to), rows_.count(), &bytes, [](void* context, const void* data, std::size_t size) {
        static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
        return thespis_status{THESPIS_OK};
      }};
  thespis_failure failure{};
  check(table_->save(self_, &to, &failure), failure);
  return bytes;
}

void plugin_index::load(const std::string& bytes, const thespis_bitmap* dead) {
  struct source {
    const std::string* bytes;
    std::size_t at;
  } state{&bytes, 0};
  const thespis_reader from{sizeof(from),
                            rows_.count(),
                            &state,
                            bytes.size(),
                            [](void* context, void* data, std::size_t size) -> thespis_status {
                              auto& self = *static_cast<source*>(context);
                              if (size > self.bytes->size() - self.at) return THESPIS_IO;
                              std::memcpy(data, self.bytes->data() + self.at, size);
                              self.at += size;
                              return THESPIS_OK;
                            },
                            dead};
  thespis_failure failure{};
  check(table_->load(self_, &from, &failure), failure);
}

}  // namespace thespis::bench
