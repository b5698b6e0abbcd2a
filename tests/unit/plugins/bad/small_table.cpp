// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <thespis/plugin/index.h>

namespace {

thespis_status create(const thespis_services*, const void*, thespis_object* out, thespis_failure*) {
  static int self = 0;
  static thespis_index_table table{};
  table.struct_size = 16;
  out->self = &self;
  out->table = &table;
  return THESPIS_OK;
}

}  // namespace

extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) {
  static const thespis_plugin_descriptor given{sizeof(given),
                                               THESPIS_ABI_MAJOR,
                                               THESPIS_ABI_MINOR,
                                               THESPIS_KIND_INDEX,
                                               "small_table",
                                               "1.0.0",
                                               THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),
                                               0,
                                               create};
  return &given;
}
