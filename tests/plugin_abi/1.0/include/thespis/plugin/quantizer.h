/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef THESPIS_PLUGIN_QUANTIZER_H
#define THESPIS_PLUGIN_QUANTIZER_H

#include <thespis/plugin/abi.h>
#include <thespis/plugin/index.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A quantizer turns vectors into small codes and estimates ranks from them. A vector has a *code*,
 * which searches read for every vector that they meet, and perhaps a *refinement*, which makes the
 * estimate of the few that matter finer. Codes lie in the memory of whoever uses the quantizer.
 * Estimates are in the units of `thespis_metric`: they approximate the true rank. */

/** What a quantizer is made with. */
typedef struct thespis_quantizer_params {
  uint32_t struct_size;
  thespis_metric metric;
  uint32_t dimension;
  uint32_t bits; /**< Bits a dimension, code and refinement together; 0: the plugin chooses. */
  uint64_t seed; /**< The same seed and training rows give the same codes. */
} thespis_quantizer_params;

/** Sizes of what the caller provides, fixed when the quantizer is made. Units: bytes. */
typedef struct thespis_code_layout {
  uint32_t struct_size;
  uint32_t code_bytes;       /**< Of one code; needs an alignment of 4. */
  uint32_t refinement_bytes; /**< Of one refinement, alignment 4; 0: there is none. */
  uint32_t query_bytes;      /**< Of one prepared query, alignment 64. */
  /** Estimates may read, and ignore, so many bytes past the end of a code or refinement. */
  uint32_t slack_bytes;
  uint32_t block_rows;  /**< Vectors of one block, such as 32; 0: there are no blocks. */
  uint32_t block_bytes; /**< Of one block; alignment 64. */
} thespis_code_layout;

/** Functions of a quantizer. All are required unless they say otherwise. Vectors are `dimension`
 * finite float32 as the user gave them, aligned as floats.
 * Thread: `train`, `load` and `destroy` run alone; all others on any number of threads. */
typedef struct thespis_quantizer_table {
  uint32_t struct_size;
  uint32_t reserved;

  void (*destroy)(void* self);

  /** Sizes of codes. May be called before `train`. */
  void (*layout)(void* self, thespis_code_layout* out);

  /** Learns from a sample of vectors; nothing but `layout` may be called before it or `load`. A
   * thousand well-mixed rows are enough; more than the plugin wants are ignored.
   * Status: invalid argument if `count` is 0. */
  thespis_status (*train)(void* self, const float* const* rows, size_t count,
                          thespis_failure* failure);

  /** Writes and restores what `train` learnt. Status of `load`: corruption. */
  thespis_status (*save)(void* self, const thespis_writer* writer, thespis_failure* failure);
  thespis_status (*load)(void* self, const thespis_reader* reader, thespis_failure* failure);

  /** Makes code and refinement of each row. `refinements` is null if there are none. */
  void (*encode)(void* self, const float* const* rows, size_t count, void* const* codes,
                 void* const* refinements);

  /** Prepares a vector to be compared with codes; `query` has room for `query_bytes`. */
  void (*prepare)(void* self, const float* vector, void* query);

  /** Estimates ranks of a prepared query and `count` codes. */
  void (*estimate)(void* self, const void* query, const void* const* codes, size_t count,
                   float* ranks);

  /** As `estimate`, from codes and refinements. Null if there are no refinements. */
  void (*refine)(void* self, const void* query, const void* const* codes,
                 const void* const* refinements, size_t count, float* ranks);

  /** As finely as it can, ranks of one encoded vector and `count` others, for building graphs.
   * `refinement` and `refinements` are null if there are none. */
  void (*compare)(void* self, const void* code, const void* refinement, const void* const* codes,
                  const void* const* refinements, size_t count, float* ranks);

  /** Packs up to `block_rows` vectors that are met together, such as the neighbours of a node, into
   * one block, seen from `center` (the node's vector), so that they are all estimated at once. Null
   * if there are no blocks. */
  void (*pack)(void* self, const float* center, const float* const* rows, size_t count,
               void* block);

  /** Estimates all ranks of a block at once: `ranks` has room for `block_rows`; what lies beyond
   * the block's vectors means nothing. `center_rank` is the true rank, or a good estimate of it, of
   * the query and the block's center. Null if there are no blocks. */
  void (*estimate_block)(void* self, const void* query, const void* block, float center_rank,
                         float* ranks);

  /** Memory held, without codes. */
  void (*memory)(void* self, thespis_memory* out);
} thespis_quantizer_table;

#ifdef __cplusplus
}
#endif

#endif
