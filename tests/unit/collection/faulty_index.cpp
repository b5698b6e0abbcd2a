// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// An index that fails on purpose: a row that begins with 13 can never be inserted, one that begins
// with 17 fails the first time in a process. It answers nothing.

#include <thespis/plugin/index_plugin.hpp>

#include <atomic>
#include <stdexcept>

namespace {

class faulty_index {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit faulty_index(const thespis::plugin::index_setup& setup) : rows_(setup.arena) {}

  void insert(std::span<const std::uint32_t> slots) {
    static std::atomic<bool> failed_once{false};
    for (const auto slot : slots) {
      const float first = rows_.row(slot)[0];
      if (first == 13.0F) throw std::runtime_error("unlucky row");
      if (first == 17.0F && !failed_once.exchange(true)) throw std::runtime_error("first try");
    }
  }

  std::size_t search(const thespis_index_query&, std::span<thespis_hit>) { return 0; }
  void save(thespis::plugin::writer&) {}
  void load(thespis::plugin::reader&) {}
  std::uint64_t bytes() { return 0; }

 private:
  thespis::plugin::arena rows_;
};

}  // namespace

THESPIS_INDEX_PLUGIN(faulty_index, "faulty", "1.0.0")
