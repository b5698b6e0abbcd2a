// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "bench/ann/faiss_module.hpp"

namespace thespis::bench {
namespace {

using build_fn = decltype(&thespis_bench_faiss);

build_fn load() {
  // Its idle threads would otherwise spin beside whatever is measured next.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  const auto file =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "thespis_bench_faiss.so";
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  void* const found = dlsym(library, "thespis_bench_faiss");
  if (found == nullptr) throw std::runtime_error(dlerror());
  return reinterpret_cast<build_fn>(found);
}

}  // namespace

std::unique_ptr<subject> build_faiss(const dataset& data, faiss_kind kind,
                                     const build_params& params) {
  static const build_fn build = load();
  return std::unique_ptr<subject>(build(&data, kind, &params));
}

}  // namespace thespis::bench
