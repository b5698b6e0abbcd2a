// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/phase.hpp"

#ifdef THESPIS_FAIL_POINTS

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace thespis::phase {

namespace {

constexpr std::size_t rows_max = 64;
constexpr std::size_t name_bytes = 48;

// A campaign that cannot see phases would prove less than it says.
[[noreturn]] void refuse(const char* file, const char* why) {
  std::fprintf(stderr, "thespis: THESPIS_PHASES: %s: %s\n", file, why);
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

struct scope::row {
  char name[name_bytes];
  std::atomic<std::uint64_t> within;
  std::atomic<std::uint64_t> entered;
};

/// The mapped file; without rows where nobody watches.
class table {
 public:
  table() {
    const char* const file = std::getenv("THESPIS_PHASES");
    if (file == nullptr) return;
    const int opened = ::open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (opened < 0 || ::ftruncate(opened, bytes) != 0) refuse(file, "cannot be written");
    void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
    ::close(opened);
    if (at == MAP_FAILED) refuse(file, "cannot be mapped");
    rows_ = static_cast<scope::row*>(at);
  }

  scope::row* find(std::string_view name) {
    if (rows_ == nullptr) return nullptr;
    const auto shown = name.substr(0, name_bytes - 1);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < rows_max; ++i) {
      auto& row = rows_[i];
      if (row.name[0] == '\0') std::copy(shown.begin(), shown.end(), row.name);
      if (shown == row.name) return &row;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t bytes = rows_max * sizeof(scope::row);
  std::mutex mutex_;
  scope::row* rows_ = nullptr;
};

namespace {

table& the_table() {
  static table instance;
  return instance;
}

}  // namespace

scope::scope(std::string_view name) noexcept : row_(the_table().find(name)) {
  if (row_ == nullptr) return;
  ++row_->entered;
  ++row_->within;
}

scope::~scope() {
  if (row_ != nullptr) --row_->within;
}

}  // namespace thespis::phase

#endif
