// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/compute_cpu/blas.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "plugins/kernels/distance.hpp"

namespace thespis::compute_cpu {
namespace {

// A variable of the environment for as long as this lives, unless the user has set it.
class environment_default {
 public:
  environment_default(const char* name, const char* value) noexcept : name_(name) {
    if (std::getenv(name) == nullptr) set_ = setenv(name, value, 0) == 0;
  }
  ~environment_default() {
    if (set_) unsetenv(name_);
  }
  environment_default(const environment_default&) = delete;
  environment_default& operator=(const environment_default&) = delete;

 private:
  const char* name_;
  bool set_ = false;
};

void* open_library() {
  // Our parallelism is one call a thread.
  const environment_default threads("OPENBLAS_NUM_THREADS", "1");
  std::optional<environment_default> core;
  // It does not know newer processors and falls back to kernels of half the speed.
  if (std::string(kernels::active_target()).starts_with("AVX3"))
    core.emplace("OPENBLAS_CORETYPE", "SkylakeX");
  return dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
}

constexpr int row_major = 101;  // of the CBLAS interface
constexpr int as_is = 111;
constexpr int transposed = 112;

}  // namespace

const blas* blas::loaded() {
  static const blas* const library = load();
  return library;
}

const blas* blas::load() {
  // Never closed: its memory pool does not survive that.
  void* library = open_library();
  if (library == nullptr) return nullptr;
  const auto sgemm = reinterpret_cast<sgemm_fn>(dlsym(library, "cblas_sgemm"));
  const auto set_threads =
      reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  if (sgemm == nullptr || set_threads == nullptr) return nullptr;
  set_threads(1);
  static const blas made(sgemm);
  return &made;
}

void blas::products(std::size_t rows, std::size_t columns, std::size_t depth, float factor,
                    const float* left, const float* right, std::size_t right_stride, float* out,
                    std::size_t out_stride) const {
  const auto n = [](std::size_t value) { return static_cast<int>(value); };
  sgemm_(row_major, as_is, transposed, n(rows), n(columns), n(depth), factor, left, n(depth), right,
         n(right_stride), 0, out, n(out_stride));
}

}  // namespace thespis::compute_cpu
