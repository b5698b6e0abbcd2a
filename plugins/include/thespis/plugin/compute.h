/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef THESPIS_PLUGIN_COMPUTE_H
#define THESPIS_PLUGIN_COMPUTE_H

#include <thespis/plugin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a compute back end is made with: nothing yet. */
typedef struct thespis_compute_params {
  uint32_t struct_size;
  uint32_t reserved;
} thespis_compute_params;

/** Ranks of every query against every row.
 * Shape: queries [query_count, dimension] float32, row-major without gaps; row r is `dimension`
 * float32 from `rows + r * row_stride`; ranks [query_count, row_count] float32, row-major.
 * Values are finite; alignment is that of float. */
typedef struct thespis_ranks_task {
  uint32_t struct_size;
  thespis_metric metric;
  uint32_t dimension; /**< At least 1. */
  uint32_t reserved;
  uint64_t query_count; /**< May be 0. */
  const float* queries;
  uint64_t row_count; /**< May be 0. */
  const float* rows;
  uint64_t row_stride; /**< Units: floats; at least `dimension`. */
  /** Null, or, for cosine only, the inverse Euclidean norm of row r (0 for a zero vector) at
   * `row_inverse_norms[r * row_stride]`. If null, the plugin works the norms out. */
  const float* row_inverse_norms;
  float* ranks; /**< Written by the plugin. */
} thespis_ranks_task;

/** Functions of a compute back end. All are required.
 * Thread: all but `destroy` may be called from any thread, at the same time. */
typedef struct thespis_compute_table {
  uint32_t struct_size;
  uint32_t reserved;

  void (*destroy)(void* self);

  /** Fills `task->ranks`. Status: invalid argument for an unknown metric. */
  thespis_status (*ranks)(void* self, const thespis_ranks_task* task, thespis_failure* failure);

  /** What it runs on, such as "cpu avx3 openblas": ends in zero, lives as long as `self`. */
  const char* (*target)(void* self);
} thespis_compute_table;

#ifdef __cplusplus
}
#endif

#endif
