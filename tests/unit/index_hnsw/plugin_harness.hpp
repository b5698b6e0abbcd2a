// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <dlfcn.h>
#include <thespis/plugin/quantizer.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/index_hnsw/lent_rows.hpp"

namespace thespis::test {

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
        const std::string file = std::string(THESPIS_PLUGIN_FOLDER "/quantizer_") + name + ".so";
        if (::access(file.c_str(), R_OK) != 0) return THESPIS_NOT_FOUND;
        return descriptor_of(file.c_str()).create(&services(), params, out, failure);
      }};
  return table;
}

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
                       std::uint64_t seed = 42, const char* quantizer = nullptr,
                       thespis_preset preset = THESPIS_PRESET_BALANCED) {
    const thespis_index_params params{sizeof(params),
                                      data.lent().metric,
                                      data.lent().dimension,
                                      m,
                                      ef_construct,
                                      0,
                                      seed,
                                      &data.lent(),
                                      preset,
                                      0,
                                      quantizer};
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
        sizeof(task), what.k,    what.ef,      what.first_slot, what.end_slot,     0,
        query,        what.dead, what.allowed, what.flags,      what.oversampling, nullptr};
    std::vector<thespis_hit> found(what.k);
    thespis_hits hits{found.data(), 0};
    thespis_failure failure{};
    check(table_->search(self_, &task, &hits, &failure), failure);
    found.resize(hits.count);
    return found;
  }

  thespis_maintenance maintain(const thespis_bitmap* dead = nullptr) {
    thespis_maintenance report{};
    report.struct_size = sizeof(report);
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

  [[nodiscard]] std::uint64_t bytes() const {
    thespis_memory held{};
    held.struct_size = sizeof(held);
    table_->memory(self_, &held);
    return held.resident_bytes;
  }

 private:
  static void check(thespis_status status, const thespis_failure& failure) {
    if (status != THESPIS_OK)
      throw std::runtime_error(std::to_string(status) + ": " + failure.message);
  }

  void* self_ = nullptr;
  const thespis_index_table* table_ = nullptr;
};

}  // namespace thespis::test
