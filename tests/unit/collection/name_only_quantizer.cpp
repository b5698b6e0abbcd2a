// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// A quantizer that has a name, `THESPIS_QUANTIZER_NAME`, and cannot be made.

#include <thespis/plugin/plugin.hpp>

namespace {

thespis_status refuse(const thespis_services*, const void*, thespis_object*,
                      thespis_failure*) noexcept {
  return THESPIS_UNSUPPORTED;
}

}  // namespace

extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) {
  static constexpr thespis_plugin_descriptor descriptor{
      sizeof(thespis_plugin_descriptor),
      THESPIS_ABI_MAJOR,
      THESPIS_ABI_MINOR,
      THESPIS_KIND_QUANTIZER,
      THESPIS_QUANTIZER_NAME,
      "1.0.0",
      THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),
      0,
      refuse};
  return &descriptor;
}
