// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What the graph index and its quantizers saved. The first byte of an input says which codes there
// are and whether some slots died. What was accepted is safe to search and to save.

#include <set>
#include <string>

#include "tests/fuzz/fuzz_target.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::fuzz;
using namespace thespis::test;

namespace {

constexpr std::uint32_t dimension = 12;
constexpr std::uint32_t slots = 96;
constexpr std::uint32_t m = 4;
constexpr std::uint32_t ef_construct = 16;
constexpr std::uint64_t seed = 42;

const rows& stored() {
  static const rows& made = []() -> const rows& {
    static rows filled(THESPIS_METRIC_EUCLID, dimension, slots);
    filled.fill(31);
    return filled;
  }();
  return made;
}

const bitmap& died() {
  static const bitmap& made = []() -> const bitmap& {
    static bitmap filled(slots);
    for (std::uint32_t slot = 0; slot < slots; slot += 3) filled.insert(slot);
    return filled;
  }();
  return made;
}

void search(const graph_index& loaded, const bitmap* dead, std::uint32_t flags) {
  for (std::uint32_t row = 0; row < slots; row += 19) {
    const auto hits = loaded.search(stored().row(row), {5, 8, 0, slots, nullptr, nullptr, flags});
    std::set<std::uint32_t> found;
    for (const auto& hit : hits) {
      require(hit.slot < slots, "a hit is a row that exists");
      require(found.insert(hit.slot).second, "a hit is told once");
      require(dead == nullptr || !dead->contains(hit.slot), "the dead are gone");
    }
  }
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  constexpr const char* quantizers[] = {"none", "sq8", "sq4", "binary"};
  const auto first = take_byte(input);
  const bool with_dead = (first & 4) != 0;
  const auto preset = (first & 8) != 0 ? THESPIS_PRESET_FAST : THESPIS_PRESET_BALANCED;
  const auto* quantizer = quantizers[first & 3];
  const auto view = died().view();

  graph_index loaded(stored(), m, ef_construct, seed, quantizer, preset);
  const auto status = loaded.load(std::string(input), slots, with_dead ? &view : nullptr);
  if (status != THESPIS_OK) {
    require(status == THESPIS_CORRUPTION, "refused bytes are damaged");
    return;
  }
  search(loaded, with_dead ? &died() : nullptr, 0);
  search(loaded, with_dead ? &died() : nullptr, THESPIS_QUERY_NO_RESCORING);
  const auto saved = loaded.save();
  graph_index again(stored(), m, ef_construct, seed, quantizer, preset);
  require(again.load(saved, slots) == THESPIS_OK, "what was read can be saved and loaded");
  require(again.save() == saved, "a graph is stable after one round");
}
