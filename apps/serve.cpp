// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/serve.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <memory>

#include "apps/command.hpp"
#include "config/load.hpp"
#include "core/log.hpp"

namespace thespis::apps {

namespace {

// A flag that stands for a setting; its check and its range are those of the setting.
struct setting_flag {
  const char* flag;
  const char* section;
  const char* key;
  const char* what;
};

constexpr std::array<setting_flag, 4> setting_flags = {{
    {"--data-dir", "storage", "data_dir", "Folder of the data; made if it does not exist"},
    {"--listen", "server", "listen", "HOST:PORT; port 0 takes a free one"},
    {"--log-level", "log", "level", "trace, debug, info, warn or error"},
    {"--log-format", "log", "format", "console or json"},
}};

struct serve_flags {
  std::string file;
  std::array<std::string, setting_flags.size()> values;
  std::array<CLI::Option*, setting_flags.size()> given{};
  serve_options options;
};

int run(const serve_flags& flags) {
  config::sources from;
  if (!flags.file.empty()) from.file = flags.file;
  from.environment = config::process_environment();
  for (std::size_t i = 0; i < setting_flags.size(); ++i) {
    const auto& one = setting_flags[i];
    if (flags.given[i]->count() > 0)
      from.flags.push_back({one.flag, one.section, one.key, flags.values[i]});
  }
  const auto loaded = config::load(from);
  if (!loaded) {
    report(loaded.error());
    return exit_usage;
  }
  log::hide(loaded->security.api_key);
  log::options lines;
  // The loader has refused other names.
  lines.minimum = log::parse_level(loaded->log.level).value_or(log::level::info);
  lines.format = log::parse_format(loaded->log.format).value_or(log::format::console);
  log::start(lines);
  const int status = serve(*loaded, flags.options);
  log::stop();
  return status;
}

}  // namespace

void add_serve(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("serve", "Run the server until Ctrl-C or SIGTERM");
  const auto flags = std::make_shared<serve_flags>();
  command->add_option("--config", flags->file, "TOML file; `thespis config show` writes one");
  for (std::size_t i = 0; i < setting_flags.size(); ++i)
    flags->given[i] =
        command->add_option(setting_flags[i].flag, flags->values[i], setting_flags[i].what);
  command->add_flag("--demo", flags->options.demo,
                    "Make the collection 'colours': the CSS colours as CIELAB vectors");
  command->footer(
      "Settings: defaults < file < environment THESPIS__SECTION__KEY < flags.\n"
      "Examples:\n"
      "  thespis serve --demo --data-dir ./data\n"
      "  THESPIS__SECURITY__API_KEY=... thespis serve --listen 0.0.0.0:6333");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace thespis::apps
