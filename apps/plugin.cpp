// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "apps/command.hpp"
#include "config/load.hpp"
#include "core/printable.hpp"
#include "plugins/contract/contract.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::apps {

namespace {

struct plugin_flags {
  std::string config;
  std::vector<std::string> folders;
  std::string file;
  bool json = false;
};

const char* name_of(plugins::plugin_kind kind) {
  switch (kind) {
    case plugins::plugin_kind::index: return "index";
    case plugins::plugin_kind::quantizer: return "quantizer";
    case plugins::plugin_kind::embedder: return "embedder";
    case plugins::plugin_kind::compute: return "compute";
  }
  return "unknown";
}

std::string abi_of(const plugins::plugin_description& plugin) {
  return std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor);
}

int list(const plugin_flags& flags) {
  config::sources from;
  if (!flags.config.empty()) from.file = flags.config;
  from.environment = config::process_environment();
  auto settings = config::load(from);
  if (!settings) {
    report(settings.error());
    return exit_usage;
  }
  if (!flags.folders.empty())
    settings->plugins.folders.assign(flags.folders.begin(), flags.folders.end());
  const auto loaded = plugins::registry::load(settings->plugins);
  if (!loaded) return report(loaded.error());
  boost::json::array all;
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : (*loaded)->plugins()) {
    rows.push_back({name_of(one.kind), one.name, one.version, abi_of(one), one.file.string()});
    all.push_back({{"kind", name_of(one.kind)},
                   {"name", one.name},
                   {"version", one.version},
                   {"abi", abi_of(one)},
                   {"file", one.file.string()}});
  }
  if (flags.json) {
    print_json(all);
  } else {
    print_table({"kind", "name", "version", "abi", "file"}, rows);
  }
  return exit_ok;
}

void print_report(const plugins::contract_report& done) {
  std::printf("%s plugin %s %s, ABI %s\n", name_of(done.plugin.kind),
              printable(done.plugin.name).c_str(), printable(done.plugin.version).c_str(),
              abi_of(done.plugin).c_str());
  std::size_t broken = 0;
  for (const auto& rule : done.cases) {
    std::printf("%s  %s (%.3f s)\n", rule.failure.empty() ? "pass" : "FAIL", rule.name.c_str(),
                static_cast<double>(rule.duration_us) / 1e6);
    if (rule.failure.empty()) continue;
    ++broken;
    std::printf("      %s\n", printable(rule.failure).c_str());
  }
  std::printf("%zu rules, %zu broken\n", done.cases.size(), broken);
  std::fflush(stdout);
}

int check(const plugin_flags& flags) {
  const auto done = plugins::check_plugin(flags.file);
  if (!done) return report(done.error());
  if (flags.json) {
    boost::json::array rules;
    for (const auto& rule : done->cases)
      rules.push_back({{"name", rule.name},
                       {"passed", rule.failure.empty()},
                       {"failure", rule.failure},
                       {"duration_us", rule.duration_us}});
    print_json({{"kind", name_of(done->plugin.kind)},
                {"name", done->plugin.name},
                {"version", done->plugin.version},
                {"abi", abi_of(done->plugin)},
                {"passed", done->passed()},
                {"rules", std::move(rules)}});
  } else {
    print_report(*done);
  }
  return done->passed() ? exit_ok : exit_failure;
}

}  // namespace

void add_plugin(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("plugin", "List plugins and check one against its contract");
  command->require_subcommand(1);
  const auto flags = std::make_shared<plugin_flags>();

  auto* listing = command->add_subcommand("list", "Load the plugins that a server would load");
  listing->add_option("--config", flags->config, "TOML file of the server");
  listing->add_option("--folder", flags->folders, "Folder to load from instead; may be repeated");
  listing->add_flag("--json", flags->json, "Print JSON");
  listing->callback([flags, &status] { status = list(*flags); });

  auto* checking = command->add_subcommand(
      "check", "Run a plugin through the suite of its kind; exit code 1 if a rule is broken");
  checking->add_option("FILE", flags->file, "Shared object")->required();
  checking->add_flag("--json", flags->json, "Print JSON");
  checking->footer("Example:\n  thespis plugin check ./index_mine.so");
  checking->callback([flags, &status] { status = check(*flags); });
}

}  // namespace thespis::apps
