// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/contract.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/uuid.hpp"
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
    const auto alone = registry::load_file(plugin.file, [](std::uint32_t, std::string_view) {});
    REQUIRE(alone);
    REQUIRE((*alone)->plugins().size() == 1);
    const auto report = check_plugin(**alone, plugin);
    REQUIRE(report);
    require_passed(*report);
  }
}

TEST_CASE("every built-in index, checked as a file, keeps its contract with codes") {
  const auto built_ins = registry::load({{THESPIS_PLUGIN_FOLDER}});
  REQUIRE(built_ins);
  for (const auto& plugin : (*built_ins)->plugins()) {
    if (plugin.kind != plugin_kind::index) continue;
    const auto report = check_plugin(plugin.file);
    REQUIRE(report);
    CHECK(report->plugin.file == plugin.file);
    require_passed(*report);
  }
}

TEST_CASE("a plugin that is checked as a file finds the quantizers beside the executable") {
  const std::filesystem::path folder = THESPIS_PLUGIN_FOLDER;
  std::vector<std::string> lines;
  const auto note = [&](std::uint32_t, std::string_view line) { lines.emplace_back(line); };
  const auto make = [](const registry& plugins) {
    index_params params;
    params.quantizer = "sq4";
    return plugins.create_index("hnsw", *arena::create(64, distance::euclid), params);
  };
  const auto alone = registry::load_file(folder / "index_hnsw.so", note);
  REQUIRE(alone);
  const auto refused = make(**alone);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("no quantizer plugin 'sq4'"));
  const auto loaded = registry::load_beside_built_ins(folder / "index_hnsw.so", note);
  REQUIRE(loaded);
  CHECK(make(**loaded));
  lines.clear();
  CHECK((*loaded)->create_index("hnsw", *arena::create(64, distance::euclid), {}));
  CHECK(lines == std::vector<std::string>{});
  CHECK((*loaded)->create_compute("cpu"));
  const auto& all = (*loaded)->plugins();
  CHECK(all.front().name == "hnsw");
  CHECK(std::count_if(all.begin(), all.end(), [](const plugin_description& one) {
          return one.kind == plugin_kind::index;
        }) == 1);
}

TEST_CASE("a plugin that is checked as a file keeps its name before those beside it") {
  const std::filesystem::path folder = THESPIS_PLUGIN_FOLDER;
  const auto copy = std::filesystem::temp_directory_path() /
                    ("thespis-contract-test-" + uuid::random().text() + ".so");
  std::filesystem::copy_file(folder / "quantizer_sq4.so", copy);
  const auto loaded = registry::load_beside_built_ins(copy);
  std::filesystem::remove(copy);
  REQUIRE(loaded);
  const auto& all = (*loaded)->plugins();
  CHECK(all.front().file == copy);
  CHECK(std::count_if(all.begin(), all.end(),
                      [](const plugin_description& one) { return one.name == "sq4"; }) == 1);
  CHECK_FALSE(registry::load_beside_built_ins(copy));
}
