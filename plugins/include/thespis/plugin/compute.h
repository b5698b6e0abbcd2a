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
 * numbers of type `element`, `r * row_stride_bytes` behind `rows`; ranks [query_count, row_count]
 * float32, row-major. Values are finite; alignment is that of their type. */
typedef struct thespis_ranks_task {
  uint32_t struct_size;
  thespis_metric metric;
  uint32_t dimension;      /**< At least 1. */
  thespis_element element; /**< Of rows. */
  uint64_t query_count;    /**< May be 0. */
  const float* queries;
  uint64_t row_count; /**< May be 0. */
  const void* rows;
  uint64_t row_stride_bytes; /**< At least the bytes of a row; a multiple of 4. */
  /** Null, or, for cosine only, the inverse Euclidean norm of row r (0 for a zero vector),
   * `r * row_stride_bytes` behind it. If null, the plugin works the norms out. */
  const float* row_inverse_norms;
  float* ranks; /**< Written by the plugin. */
} thespis_ranks_task;

/** Functions of a compute back end. All are required.
 * Thread: all but `destroy` may be called from any thread, at the same time. */
typedef struct thespis_compute_table {
  uint32_t struct_size;
  uint32_t reserved;

  void (*destroy)(void* self);

  /** Fills `task->ranks`. Status: invalid argument for an unknown metric; unsupported for an
   * element type that the descriptor does not name. */
  thespis_status (*ranks)(void* self, const thespis_ranks_task* task, thespis_failure* failure);

  /** What it runs on, such as "cpu avx3 openblas": ends in zero, lives as long as `self`. */
  const char* (*target)(void* self);

  /** Memory held between calls. */
  void (*memory)(void* self, thespis_memory* out);
} thespis_compute_table;

#ifdef __cplusplus
}
#endif

#endif
