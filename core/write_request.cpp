// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/write_request.hpp"

#include <array>

namespace thespis {

const char* name_of(const write_operation& operation) noexcept {
  constexpr std::array names = {
      "upsert",         "delete",        "set_payload",    "overwrite_payload",
      "delete_payload", "clear_payload", "update_vectors", "delete_vectors"};
  static_assert(names.size() == std::variant_size_v<write_operation>);
  return names[operation.index()];
}

}  // namespace thespis
