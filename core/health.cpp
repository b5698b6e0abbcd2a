// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/health.hpp"

#include <algorithm>
#include <utility>

namespace thespis {

namespace {

health_state worst(const std::vector<health_component>& parts) noexcept {
  auto state = health_state::sound;
  for (const auto& part : parts) state = std::max(state, part.state);
  return state;
}

}  // namespace

std::string_view to_string(health_state state) noexcept {
  switch (state) {
    case health_state::sound: return "sound";
    case health_state::unchecked: return "unchecked";
    case health_state::damaged: return "damaged";
  }
  return "unchecked";
}

void health_component::add(health_finding found) {
  if (found.damage && found.repaired.empty()) {
    ++damaged;
    state = health_state::damaged;
  }
  if (findings.size() < findings_max) findings.push_back(std::move(found));
}

health_state collection_health::state() const noexcept {
  return quarantined.empty() ? worst(components) : health_state::damaged;
}

health_state health_report::state() const noexcept {
  auto state = worst(node);
  for (const auto& one : collections) state = std::max(state, one.state());
  return state;
}

}  // namespace thespis
