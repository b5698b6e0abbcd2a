// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "bench/ann/subject.hpp"

/// What the shared object with Faiss exports: builds an index that the caller deletes. Exceptions
/// cross it: both sides are of one build.
extern "C" __attribute__((visibility("default"))) thespis::bench::subject* thespis_bench_faiss(
    const thespis::bench::dataset* data, thespis::bench::faiss_kind kind,
    const thespis::bench::build_params* params);
