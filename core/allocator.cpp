// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/allocator.hpp"

#include <dlfcn.h>
#include <malloc.h>

namespace thespis {

void purge_allocator() noexcept {
  // It replaces malloc without being named anywhere, and is not there under sanitizers.
  using collect = void (*)(bool);
  static const auto purge = reinterpret_cast<collect>(::dlsym(RTLD_DEFAULT, "mi_collect"));
  if (purge != nullptr)
    purge(true);
  else
    (void)::malloc_trim(0);
}

}  // namespace thespis
