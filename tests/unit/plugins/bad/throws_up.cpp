// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <thespis/plugin/index_plugin.hpp>

namespace {

/// Fails in every call, as a plugin may.
class throws_up {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);
  explicit throws_up(const thespis::plugin::index_setup&) {}
  void insert(std::span<const std::uint32_t>) { throw std::runtime_error("no room\x07here"); }
  std::size_t search(const thespis_index_query&, std::span<thespis_hit>) { throw 7; }
  void save(thespis::plugin::writer&) { throw std::bad_alloc(); }
  void load(thespis::plugin::reader&) {
    throw thespis::plugin::failure(THESPIS_CORRUPTION, "these are not my bytes");
  }
  std::uint64_t bytes() { return 0; }
};

}  // namespace

THESPIS_INDEX_PLUGIN(throws_up, "throws_up", "1.0.0")
