// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/contract.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/uuid.hpp"
#include "plugins/contract/suite.hpp"

namespace thespis::plugins {
namespace {

std::vector<suite_rule> rules_of(plugin_kind kind) {
  if (kind == plugin_kind::compute) return compute_rules();
  if (kind == plugin_kind::quantizer) return quantizer_rules();
  auto rules = index_rules();
  for (auto& rule : index_file_rules()) rules.push_back(std::move(rule));
  return rules;
}

/// A folder that is removed with what is in it.
class scratch_folder {
 public:
  scratch_folder() {
    path_ = std::filesystem::temp_directory_path(failed_);
    if (failed_) return;
    path_ /= "thespis-contract-" + uuid::random().text();
    std::filesystem::create_directory(path_, failed_);
  }
  ~scratch_folder() {
    std::error_code ignored;  // nothing depends on it, and there is nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const std::error_code& failed() const noexcept { return failed_; }

 private:
  std::filesystem::path path_;
  std::error_code failed_;
};

}  // namespace

result<void> check_memory(const std::function<void(thespis_memory*)>& tell) {
  constexpr std::uint64_t guard = 0x5A5A5A5A5A5A5A5A;
  struct {
    thespis_memory known{0, 0, guard, guard};
    std::uint64_t appended = guard;
  } room;
  room.known.struct_size = sizeof(room);
  tell(&room.known);
  if (room.appended != guard || room.known.struct_size > sizeof(room))
    return broken("memory does not keep to the room that it is given");
  if (room.known.resident_bytes == guard || room.known.mapped_bytes == guard)
    return broken("memory is not told");
  return ok();
}

bool contract_report::passed() const noexcept {
  return std::all_of(cases.begin(), cases.end(),
                     [](const contract_case& one) { return one.failure.empty(); });
}

result<contract_report> check_plugin(const std::filesystem::path& file) {
  THESPIS_TRY(const auto plugins, registry::load_beside_built_ins(file));
  return check_plugin(*plugins, plugins->plugins().front());
}

result<contract_report> check_plugin(const registry& plugins, const plugin_description& which) {
  const scratch_folder scratch;
  if (scratch.failed())
    return error(errc::io, "plugin contract: temporary folder: " + scratch.failed().message());
  contract_report report;
  report.plugin = which;
  for (const auto& rule : rules_of(which.kind)) {
    const auto began = std::chrono::steady_clock::now();
    const auto outcome = rule.check({plugins, which, scratch.path()});
    const auto spent = std::chrono::steady_clock::now() - began;
    contract_case done;
    done.name = rule.name;
    if (!outcome) done.failure = outcome.error().message;
    done.duration_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(spent).count());
    report.cases.push_back(std::move(done));
  }
  return report;
}

}  // namespace thespis::plugins
