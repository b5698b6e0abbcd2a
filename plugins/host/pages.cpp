// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace thespis::plugins {

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

void* map_pages(std::size_t bytes, std::size_t alignment, pages kind) noexcept {
  if (bytes > SIZE_MAX - alignment - page_bytes()) return nullptr;
  const auto kept = round_up(bytes, page_bytes());
  const auto whole = kept + alignment;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (kind == pages::unpromised ? MAP_NORESERVE : 0);
  void* raw = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* begin = static_cast<unsigned char*>(raw);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const auto before = round_up(address, alignment) - address;
  if (before > 0) ::munmap(begin, before);
  if (const auto after = whole - before - kept; after > 0) ::munmap(begin + before + kept, after);
  return begin + before;
}

void unmap_pages(void* memory, std::size_t bytes) noexcept {
  if (memory != nullptr) ::munmap(memory, round_up(bytes, page_bytes()));
}

}  // namespace thespis::plugins
