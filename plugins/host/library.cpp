// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/library.hpp"

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cctype>
#include <exception>
#include <optional>
#include <string>

#include "plugins/host/required.hpp"
#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t name_bytes_max = 32;
constexpr std::size_t version_bytes_max = 32;

bool good_name(const std::string& name) {
  if (name.empty() || name.size() > name_bytes_max) return false;
  if (std::islower(static_cast<unsigned char>(name.front())) == 0) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
  });
}

std::optional<plugin_kind> kind_of(thespis_kind kind) {
  if (kind == THESPIS_KIND_INDEX) return plugin_kind::index;
  if (kind == THESPIS_KIND_QUANTIZER) return plugin_kind::quantizer;
  if (kind == THESPIS_KIND_COMPUTE) return plugin_kind::compute;
  return std::nullopt;
}

std::string text_of(thespis_element element) {
  switch (element) {
    case THESPIS_ELEMENT_FLOAT32: return "float32";
    case THESPIS_ELEMENT_FLOAT16: return "float16";
    case THESPIS_ELEMENT_UINT8: return "uint8";
    default: return "element type " + std::to_string(element);
  }
}

/// Such as "float16, uint8".
std::string list_of(std::uint32_t elements) {
  std::string all;
  for (thespis_element element = 0; element < 32; ++element)
    if ((elements & THESPIS_ELEMENT_BIT(element)) != 0)
      all += (all.empty() ? "" : ", ") + text_of(element);
  return all;
}

error refuse(const std::filesystem::path& file, const std::string& why) {
  return {errc::plugin, "plugin file " + file.string() + ": " + why};
}

/// Reads nothing that `struct_size` and `abi_major` have not vouched for.
result<plugin_description> describe(const std::filesystem::path& file,
                                    const thespis_plugin_descriptor* given) {
  if (given == nullptr) return refuse(file, "it returned no descriptor");
  constexpr auto head = offsetof(thespis_plugin_descriptor, kind);
  if (given->struct_size < head)
    return refuse(file, "its descriptor has " + std::to_string(given->struct_size) +
                            " bytes, expected at least " + std::to_string(head));
  if (given->abi_major != THESPIS_ABI_MAJOR)
    return refuse(file, "it speaks plugin interface " + std::to_string(given->abi_major) + "." +
                            std::to_string(given->abi_minor) + ", this build speaks " +
                            std::to_string(THESPIS_ABI_MAJOR) + "." +
                            std::to_string(THESPIS_ABI_MINOR) +
                            "; it has to be built with the headers of major " +
                            std::to_string(THESPIS_ABI_MAJOR));
  if (given->abi_minor > THESPIS_ABI_MINOR)
    return refuse(file, "it needs plugin interface " + std::to_string(given->abi_major) + "." +
                            std::to_string(given->abi_minor) + ", this build has " +
                            std::to_string(THESPIS_ABI_MAJOR) + "." +
                            std::to_string(THESPIS_ABI_MINOR) +
                            "; a newer Thespis, or older headers, are needed");
  if (given->struct_size < descriptor_bytes_min)
    return refuse(file, "its descriptor has " + std::to_string(given->struct_size) +
                            " bytes, expected at least " + std::to_string(descriptor_bytes_min));
  const auto kind = kind_of(given->kind);
  if (!kind)
    return refuse(file,
                  "kind " + std::to_string(given->kind) +
                      " is unknown; this build loads index (1), quantizer (2) and compute (4)");
  if (given->elements == 0)
    return refuse(file, "its descriptor names no element type of vectors that it reads");
  if (given->name == nullptr || given->version == nullptr || given->create == nullptr)
    return refuse(file, "its descriptor lacks a name, a version or a create function");
  const auto name = printable(given->name, name_bytes_max + 1);
  if (!good_name(name))
    return refuse(file, "name '" + name + "' is not 1 to 32 of [a-z0-9_], a letter first");
  const auto version = printable(given->version, version_bytes_max + 1);
  if (version.empty() || version.size() > version_bytes_max)
    return refuse(file, "version '" + version + "' is not 1 to 32 characters");
  return plugin_description{*kind, name, version, given->abi_major, given->abi_minor, file};
}

}  // namespace

struct library::impl {
  boost::dll::shared_library object;
  const thespis_plugin_descriptor* descriptor = nullptr;
  plugin_description description;
};

library::library(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
library::~library() = default;

result<std::shared_ptr<const library>> library::open(const std::filesystem::path& file) {
  std::error_code failed;
  const auto whole = std::filesystem::canonical(file, failed);
  if (failed) return error(errc::io, "plugin file " + file.string() + ": " + failed.message());
  if (!std::filesystem::is_regular_file(whole, failed))
    return error(errc::io, "plugin file " + file.string() + ": not a regular file");

  auto parts = std::make_unique<impl>();
  try {
    parts->object.load(whole, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& refused) {  // its text has the linker's reason, a code has not
    return refuse(whole, std::string("it cannot be loaded: ") + refused.what());
  }
  if (!parts->object.has(THESPIS_PLUGIN_SYMBOL))
    return refuse(whole, "it does not export " THESPIS_PLUGIN_SYMBOL ", so it is not a plugin");
  auto& entry = parts->object.get<const thespis_plugin_descriptor*()>(THESPIS_PLUGIN_SYMBOL);
  parts->descriptor = entry();
  THESPIS_TRY(parts->description, describe(whole, parts->descriptor));
  return std::shared_ptr<const library>(new library(std::move(parts)));
}

const plugin_description& library::description() const noexcept { return impl_->description; }

result<thespis_object> library::create(const thespis_services& services, const void* params,
                                       thespis_element element) const {
  const auto elements = impl_->descriptor->elements;
  if ((elements & THESPIS_ELEMENT_BIT(element)) == 0)
    return error(errc::unsupported, "plugin '" + impl_->description.name + "' reads vectors of " +
                                        list_of(elements) + ", and would be given " +
                                        text_of(element));
  thespis_object made{};
  thespis_failure failure{};
  const auto status = impl_->descriptor->create(&services, params, &made, &failure);
  if (status != THESPIS_OK) {
    auto refusal = plugin_error(impl_->description.name, "create", status, failure);
    if (status == THESPIS_INVALID_ARGUMENT) refusal.code = errc::invalid_argument;
    if (status == THESPIS_UNSUPPORTED) refusal.code = errc::unsupported;
    return refusal;
  }
  if (made.self == nullptr || made.table == nullptr)
    return error(errc::plugin, "plugin '" + impl_->description.name +
                                   "': create reported success and made nothing");
  return made;
}

}  // namespace thespis::plugins
