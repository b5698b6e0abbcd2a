// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/contract.hpp"

#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

void require_passed(const contract_report& report) {
  REQUIRE(report.cases.size() >= 5);
  for (const auto& one : report.cases) {
    INFO(report.plugin.name << ": " << one.name << ": " << one.failure);
    CHECK(one.failure.empty());
  }
}

}  // namespace

TEST_CASE("every built-in plugin, loaded alone, keeps the contract of its kind") {
  const auto built_ins = registry::load({{THESPIS_PLUGIN_FOLDER}});
  REQUIRE(built_ins);
  REQUIRE_FALSE((*built_ins)->plugins().empty());
  for (const auto& plugin : (*built_ins)->plugins()) {
    const auto report = check_plugin(plugin.file);
    REQUIRE(report);
    require_passed(*report);
  }
}

TEST_CASE("every built-in index keeps its contract beside the compute back ends") {
  const auto built_ins = registry::load({{THESPIS_PLUGIN_FOLDER}});
  REQUIRE(built_ins);
  for (const auto& plugin : (*built_ins)->plugins()) {
    if (plugin.kind != plugin_kind::index) continue;
    const auto report = check_plugin(**built_ins, plugin);
    REQUIRE(report);
    require_passed(*report);
  }
}
