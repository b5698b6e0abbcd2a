// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>

/// A create function that is never reached.
inline thespis_status never_create(const thespis_services*, const void*, thespis_object*,
                                   thespis_failure*) {
  return THESPIS_INTERNAL;
}

/// A descriptor without fault, to be spoilt.
inline thespis_plugin_descriptor good_descriptor() {
  return {sizeof(thespis_plugin_descriptor),
          THESPIS_ABI_MAJOR,
          THESPIS_ABI_MINOR,
          THESPIS_KIND_INDEX,
          "bad",
          "1.0.0",
          THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),
          0,
          never_create};
}

/// Exports a descriptor after `spoil` was applied to it as `given`.
#define BAD_PLUGIN(spoil)                                                                  \
  extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) { \
    static thespis_plugin_descriptor given = good_descriptor();                            \
    spoil;                                                                                 \
    return &given;                                                                         \
  }
