// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/services.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/processors.hpp"
#include "plugins/host/pages.hpp"
#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t log_line_bytes_max = 4096;
constexpr std::size_t plugin_name_bytes_max = 64;
constexpr unsigned threads_max = 64;

/// From here on memory comes from the system page by page, already zeroed.
constexpr bool is_large(std::size_t bytes) { return bytes >= huge_page_bytes; }

void* allocate(void* /*context*/, std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes == 0 || !std::has_single_bit(alignment)) return nullptr;
  if (is_large(bytes)) {
    void* memory = map_pages(bytes, std::max(alignment, huge_page_bytes), pages::promised);
    if (memory != nullptr) (void)::madvise(memory, bytes, MADV_HUGEPAGE);  // advice only
    return memory;
  }
  const auto unit = std::max(alignment, sizeof(void*));
  if (bytes > SIZE_MAX - unit) return nullptr;
  void* memory = std::aligned_alloc(unit, round_up(bytes, unit));
  if (memory != nullptr) std::memset(memory, 0, bytes);
  return memory;
}

void release(void* /*context*/, void* memory, std::size_t bytes,
             std::size_t /*alignment*/) noexcept {
  if (is_large(bytes))
    unmap_pages(memory, bytes);
  else
    std::free(memory);
}

void parallel_for(void* /*context*/, std::size_t count, thespis_parallel_body body,
                  void* state) noexcept {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (auto item = next.fetch_add(1); item < count; item = next.fetch_add(1)) body(state, item);
  };
  const auto wanted =
      std::min<std::size_t>(count, std::clamp<std::size_t>(usable_processors(), 1, threads_max));
  std::vector<std::jthread> helpers;
  try {
    for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
  } catch (const std::exception&) {
    // Without further threads the work is done by those there are, this one among them.
  }
  work();
}

thespis_status status_of(errc code) noexcept {
  if (code == errc::not_found) return THESPIS_NOT_FOUND;
  if (code == errc::invalid_argument) return THESPIS_INVALID_ARGUMENT;
  if (code == errc::unsupported) return THESPIS_UNSUPPORTED;
  if (code == errc::resource_exhausted) return THESPIS_OUT_OF_MEMORY;
  return THESPIS_INTERNAL;
}

// Gives a plugin the object that `find` finds by name.
template <class Find>
thespis_status answer(const char* name, thespis_object* out, thespis_failure* failure,
                      const Find& find) noexcept {
  try {
    const auto wanted = name == nullptr ? std::string() : printable(name, plugin_name_bytes_max);
    const result<thespis_object> found = find(wanted);
    if (!found) {
      say(*failure, found.error().message);
      return status_of(found.error().code);
    }
    *out = *found;
    return THESPIS_OK;
  } catch (const std::exception&) {
    return THESPIS_OUT_OF_MEMORY;
  }
}

}  // namespace

services::services(log_sink log, compute_finder find_compute, quantizer_maker make_quantizer)
    : log_(std::move(log)),
      find_compute_(std::move(find_compute)),
      make_quantizer_(std::move(make_quantizer)),
      table_{sizeof(table_), THESPIS_ABI_MINOR, this,
             services::log,  allocate,          release,
             parallel_for,   services::compute, services::quantizer} {}

void services::log(void* context, thespis_log_level level, const char* text,
                   std::size_t bytes) noexcept {
  try {
    const auto& self = *static_cast<services*>(context);
    if (self.log_ && text != nullptr) self.log_(level, {text, std::min(bytes, log_line_bytes_max)});
  } catch (const std::exception&) {
    // A line that cannot be logged is lost; the plugin could do nothing about it.
  }
}

thespis_status services::compute(void* context, const char* name, thespis_object* out,
                                 thespis_failure* failure) noexcept {
  const auto& self = *static_cast<services*>(context);
  return answer(name, out, failure, self.find_compute_);
}

thespis_status services::quantizer(void* context, const char* name, const void* params,
                                   thespis_object* out, thespis_failure* failure) noexcept {
  const auto& self = *static_cast<services*>(context);
  return answer(name, out, failure,
                [&](const std::string& wanted) { return self.make_quantizer_(wanted, params); });
}

}  // namespace thespis::plugins
