// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/registry.hpp"

#include <thespis/plugin/quantizer.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "plugins/host/compute_parts.hpp"
#include "plugins/host/index_parts.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/required.hpp"
#include "plugins/host/services.hpp"

namespace thespis::plugins {
namespace {

/// `plugins` beside the executable, or where an installation has them.
result<std::filesystem::path> default_folder() {
  std::error_code failed;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return error(errc::io, "plugins: own executable: " + failed.message());
  const auto beside = executable.parent_path() / "plugins";
  if (std::filesystem::is_directory(beside, failed)) return beside;
  const auto installed = executable.parent_path() / ".." / "lib" / "thespis" / "plugins";
  if (std::filesystem::is_directory(installed, failed)) return installed.lexically_normal();
  return error(errc::io, "plugins: no folder " + beside.string() + " or " +
                             installed.lexically_normal().string() +
                             "; name one in [plugins] folders");
}

result<std::vector<std::filesystem::path>> plugin_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  std::filesystem::directory_iterator entry(folder, failed);
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed))
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  if (failed) return error(errc::io, "plugin folder " + folder.string() + ": " + failed.message());
  std::sort(files.begin(), files.end());
  return files;
}

void log_to_stderr(thespis_log_level level, std::string_view line) {
  if (level < THESPIS_LOG_WARN) return;
  std::fprintf(stderr, "plugin log %u: %.*s\n", level, static_cast<int>(line.size()), line.data());
}

}  // namespace

/// Everything that an index or a compute back end needs for as long as it lives. Services hand out
/// compute back ends of the same registry, made on first use and kept.
struct registry_state {
  explicit registry_state(log_sink log)
      : host(
            log ? std::move(log) : log_sink(log_to_stderr),
            [this](const std::string& name) { return object_of(find_compute(name)); },
            [this](const std::string& name, const void* params) {
              return make_quantizer(name, params);
            }) {}

  static result<thespis_object> object_of(const result<plugin_compute*>& found) {
    if (!found) return found.error();
    return (*found)->object();
  }

  [[nodiscard]] result<std::shared_ptr<const library>> find(plugin_kind kind,
                                                            const std::string& name) const;
  [[nodiscard]] result<plugin_compute*> find_compute(const std::string& name);
  [[nodiscard]] result<thespis_object> make_quantizer(const std::string& name,
                                                      const void* params) const;
  [[nodiscard]] result<void> add(const std::filesystem::path& file);
  /// Adds what other plugins may ask for: a quantizer or compute back end whose name is not taken.
  [[nodiscard]] result<void> add_service(const std::filesystem::path& file);

  std::vector<std::shared_ptr<const library>> libraries;
  std::vector<plugin_description> descriptions;
  services host;
  std::mutex lock;  ///< Guards `computes`.
  std::map<std::string, std::unique_ptr<plugin_compute>> computes;
};

result<std::shared_ptr<const library>> registry_state::find(plugin_kind kind,
                                                            const std::string& name) const {
  std::string known;
  for (const auto& one : libraries) {
    const auto& about = one->description();
    if (about.kind != kind) continue;
    if (about.name == name) return one;
    known += (known.empty() ? "" : ", ") + about.name;
  }
  const char* what = kind == plugin_kind::index       ? "index"
                     : kind == plugin_kind::quantizer ? "quantizer"
                                                      : "compute";
  return error(errc::not_found, std::string("no ") + what + " plugin '" + name + "'; there is " +
                                    (known.empty() ? "none" : known));
}

result<plugin_compute*> registry_state::find_compute(const std::string& name) {
  {
    const std::lock_guard guard(lock);
    if (const auto known = computes.find(name); known != computes.end()) return known->second.get();
  }
  THESPIS_TRY(auto plugin, find(plugin_kind::compute, name));
  // Made without the lock, because making it may ask for another one.
  THESPIS_TRY(auto made, plugin_compute::make(std::move(plugin), host));
  const std::lock_guard guard(lock);
  return computes.try_emplace(name, std::move(made)).first->second.get();
}

result<thespis_object> registry_state::make_quantizer(const std::string& name,
                                                      const void* params) const {
  THESPIS_TRY(const auto plugin, find(plugin_kind::quantizer, name));
  THESPIS_TRY(const auto made, plugin->create(host.table(), params, THESPIS_ELEMENT_FLOAT32));
  THESPIS_CHECK(check_object<thespis_quantizer_table>(
      name, made, quantizer_table_bytes_min, [](const thespis_quantizer_table& table) {
        return table.destroy == nullptr || table.layout == nullptr || table.train == nullptr ||
               table.save == nullptr || table.load == nullptr || table.encode == nullptr ||
               table.prepare == nullptr || table.estimate == nullptr || table.compare == nullptr ||
               table.memory == nullptr;
      }));
  return made;
}

result<void> registry_state::add(const std::filesystem::path& file) {
  THESPIS_TRY(auto loaded, library::open(file));
  const auto& about = loaded->description();
  for (const auto& other : descriptions)
    if (other.kind == about.kind && other.name == about.name)
      return error(errc::plugin, "plugin file " + about.file.string() + ": name '" + about.name +
                                     "' is taken by " + other.file.string());
  descriptions.push_back(about);
  libraries.push_back(std::move(loaded));
  return ok();
}

result<void> registry_state::add_service(const std::filesystem::path& file) {
  THESPIS_TRY(auto loaded, library::open(file));
  const auto& about = loaded->description();
  if (about.kind != plugin_kind::quantizer && about.kind != plugin_kind::compute) return ok();
  const bool taken =
      std::any_of(descriptions.begin(), descriptions.end(), [&](const plugin_description& other) {
        return other.kind == about.kind && other.name == about.name;
      });
  if (taken) return ok();
  descriptions.push_back(about);
  libraries.push_back(std::move(loaded));
  return ok();
}

struct registry::impl {
  std::shared_ptr<registry_state> state;
};

registry::registry(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
registry::~registry() = default;

result<std::shared_ptr<registry>> registry::load(const config::plugins& settings, log_sink log) {
  auto folders = settings.folders;
  if (folders.empty()) {
    THESPIS_TRY(auto folder, default_folder());
    folders.push_back(std::move(folder));
  }
  auto parts = std::make_unique<impl>();
  parts->state = std::make_shared<registry_state>(std::move(log));
  for (const auto& folder : folders) {
    THESPIS_TRY(const auto files, plugin_files(folder));
    for (const auto& file : files) THESPIS_CHECK(parts->state->add(file));
  }
  return std::shared_ptr<registry>(new registry(std::move(parts)));
}

result<std::shared_ptr<registry>> registry::load_file(const std::filesystem::path& file,
                                                      log_sink log) {
  auto parts = std::make_unique<impl>();
  parts->state = std::make_shared<registry_state>(std::move(log));
  THESPIS_CHECK(parts->state->add(file));
  return std::shared_ptr<registry>(new registry(std::move(parts)));
}

result<std::shared_ptr<registry>> registry::load_beside_built_ins(const std::filesystem::path& file,
                                                                  log_sink log) {
  THESPIS_TRY(auto made, load_file(file, std::move(log)));
  const auto folder = default_folder();
  if (!folder) return made;
  THESPIS_TRY(const auto files, plugin_files(*folder));
  for (const auto& beside : files) THESPIS_CHECK(made->impl_->state->add_service(beside));
  return made;
}

const std::vector<plugin_description>& registry::plugins() const noexcept {
  return impl_->state->descriptions;
}

result<std::unique_ptr<index>> registry::create_index(const std::string& name,
                                                      std::shared_ptr<const arena> vectors,
                                                      const index_params& params) const {
  const auto& state = impl_->state;
  THESPIS_TRY(auto plugin, state->find(plugin_kind::index, name));
  std::shared_ptr<const services> host(state, &state->host);
  THESPIS_TRY(auto parts,
              index::impl::make(std::move(plugin), std::move(host), std::move(vectors), params));
  return std::unique_ptr<index>(new index(std::move(parts)));
}

result<std::shared_ptr<compute>> registry::create_compute(const std::string& name) const {
  const auto& state = impl_->state;
  THESPIS_TRY(auto* found, state->find_compute(name));
  // The state owns it; the pointer shares the state.
  return std::shared_ptr<compute>(state, found);
}

}  // namespace thespis::plugins
