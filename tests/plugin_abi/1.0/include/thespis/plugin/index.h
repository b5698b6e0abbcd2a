/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef THESPIS_PLUGIN_INDEX_H
#define THESPIS_PLUGIN_INDEX_H

#include <thespis/plugin/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The vectors of one collection, kept by the host and lent for the life of the index.
 * Row `slot` begins at
 *   chunks[slot >> chunk_rows_log2] + (slot & ((1 << chunk_rows_log2) - 1)) * row_stride_bytes
 * on a 64-byte boundary: `dimension` numbers of type `element` as the user gave them, then zeros up
 * to `padded_dimension`, and for cosine the row's inverse Euclidean norm, a float32.
 * The host appends while the plugin reads. The table of chunks never moves, and a row and its entry
 * in the table are complete, and never change again, before its slot is first named to the plugin:
 * in `insert`, or as part of a query's range. So plain reads suffice. */
typedef struct thespis_arena {
  uint32_t struct_size;
  thespis_metric metric;
  uint32_t dimension;
  uint32_t padded_dimension; /**< A multiple of 16; so many numbers have a multiple of 64 bytes. */
  uint32_t chunk_rows_log2;
  /** For cosine the distance from the row's beginning to a float32, 1 / |row|, or 0 for a zero
   * vector; at or after the padding. 0 for other metrics. */
  uint32_t inverse_norm_offset_bytes;
  uint64_t row_stride_bytes; /**< A multiple of 64. */
  const unsigned char* const* chunks;
  uint32_t flags;          /**< `THESPIS_ARENA_...`. */
  thespis_element element; /**< What rows are made of; one that the plugin's descriptor names. */
  void* context;
  /** Says that these rows are about to be read, so that the disk is asked for all of them at once.
   * Null where rows lie in memory. */
  void (*will_read)(void* context, const uint32_t* slots, size_t count);
} thespis_arena;

/** Rows lie in a mapped file that the system may evict: what is read often should be kept as codes.
 */
#define THESPIS_ARENA_EVICTABLE UINT32_C(1)
/** Rows lie on disk, and each read may wait for it: read only the last candidates. */
#define THESPIS_ARENA_ON_DISK UINT32_C(2)

/** How memory and speed are weighed. */
typedef uint32_t thespis_preset;
enum {
  /** What must stay resident is at most 1.1 times the raw float32 vectors. */
  THESPIS_PRESET_BALANCED = 0,
  THESPIS_PRESET_FAST = 1 /**< At most 2.5 times. */
};

/** What an index is made with. */
typedef struct thespis_index_params {
  uint32_t struct_size;
  thespis_metric metric;
  uint32_t dimension;
  uint32_t hnsw_m;            /**< Links per node, for graphs. */
  uint32_t hnsw_ef_construct; /**< Candidates kept while a node is inserted, for graphs. */
  uint32_t reserved;
  uint64_t seed; /**< The same seed, slots and order on one thread give the same index. */
  const thespis_arena* arena; /**< Lives as long as the index. */
  thespis_preset preset;
  uint32_t quantizer_bits; /**< Bits a dimension of the codes; 0: the quantizer chooses. */
  /** Quantizer whose codes a search compares first. Null: the plugin chooses; "none": no codes.
   * Lent for the call. */
  const char* quantizer;
} thespis_index_params;

/** A set of slots. Slot s is in it if chunk s >> chunk_bits_log2 exists, is not null, and has bit
 * s & ((1 << chunk_bits_log2) - 1), counted from the low bit of its first word, set.
 * Every set crosses in this form. Another one may be appended beside it, such as a sorted list or a
 * batched predicate, and stand alone only for plugins that say that they take it. */
typedef struct thespis_bitmap {
  uint32_t struct_size;
  uint32_t chunk_bits_log2; /**< At least 6. */
  const uint64_t* const* chunks;
  uint32_t chunk_count;
  uint32_t reserved;
  uint64_t cardinality;
} thespis_bitmap;

/** What to look for. An answer names only slots in [first_slot, end_slot) that are not in `dead`
 * and, if there is `allowed`, are in it. */
typedef struct thespis_index_query {
  uint32_t struct_size;
  uint32_t k;  /**< At least 1. */
  uint32_t ef; /**< Effort: candidates of a graph walk; 0: the plugin chooses. */
  uint32_t first_slot;
  uint32_t end_slot; /**< Every row below it exists in the arena. */
  uint32_t reserved;
  const float* vector;           /**< 64-byte aligned, zeros up to the `padded_dimension`. */
  const thespis_bitmap* dead;    /**< Null: none. */
  const thespis_bitmap* allowed; /**< Null: all. */
  uint32_t flags;                /**< `THESPIS_QUERY_...`. */
  /** Of how many times `k` candidates, at least, the true ranks are computed; 0: the plugin
   * chooses. */
  float oversampling;
  /** Null, or a word that another thread makes other than 0 once nobody waits for the answer. Read
   * it atomically, now and then, and return "cancelled"; or ignore it. */
  const uint32_t* cancelled;
} thespis_index_query;

/** Compare vectors, never codes. */
#define THESPIS_QUERY_IGNORE_CODES UINT32_C(1)
/** Ranks may be the estimates of codes; no vector is read. */
#define THESPIS_QUERY_NO_RESCORING UINT32_C(2)

/** One hit. Smaller ranks are nearer, see `thespis_metric`. Never grows. */
typedef struct thespis_hit {
  uint32_t slot;
  float rank;
} thespis_hit;

/** Where a search puts its hits. Never grows. */
typedef struct thespis_hits {
  thespis_hit* items; /**< Room for the query's `k`. */
  uint64_t count;     /**< Written by the plugin: at most `k`. */
} thespis_hits;

/** Where an index is saved to. */
typedef struct thespis_writer {
  uint32_t struct_size;
  /** Slots at or above it, and links to them, are left out: after a crash they may be others.
   * Means nothing to quantizers. */
  uint32_t end_slot;
  void* context;
  /** Appends bytes. After a failure the plugin stops and returns the same status. */
  thespis_status (*write)(void* context, const void* data, size_t bytes);
} thespis_writer;

/** Where an index is loaded from. The bytes are those that were written: the host has checked
 * identity, plugin and checksum of whatever `read` hands out. */
typedef struct thespis_reader {
  uint32_t struct_size;
  /** The arena has every row below it; a slot at or above it is corruption. Means nothing to
   * quantizers. */
  uint32_t end_slot;
  void* context;
  uint64_t bytes; /**< How many bytes there are; trust no size in the stream beyond it. */
  /** Reads exactly `bytes`, in order. After a failure, such as the end of the stream, the plugin
   * stops and returns the same status. */
  thespis_status (*read)(void* context, void* data, size_t bytes);
  /** Slots that died, whose rows may be zeros by now; no later query admits them. Null: not known.
   * Lent for the call. */
  const thespis_bitmap* dead;
} thespis_reader;

/** What `maintain` found and did. */
typedef struct thespis_maintenance {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t nodes;       /**< Slots that the index has now. */
  uint64_t dropped;     /**< Dead slots that it had before. */
  uint64_t unreachable; /**< Slots that a search could not have reached before. */
  uint64_t mended;      /**< Of these, slots that it reaches now. */
} thespis_maintenance;

/** Flag: there is nothing to insert, save or load; every search reads the arena itself and is
 * exact. */
#define THESPIS_INDEX_SCANS UINT32_C(1)

/** Functions of an index. All are required unless they say otherwise.
 * Thread: `insert` may run on several threads with distinct slots, `search` and `search_batch` on
 * any number, and `save` and `memory` on one, all at the same time. `load` and `destroy` run alone.
 * A slot whose `insert` returned is found by later searches. */
typedef struct thespis_index_table {
  uint32_t struct_size;
  uint32_t flags;

  void (*destroy)(void* self);

  /** Adds `count` slots, whose rows the arena has. No slot is given twice. After a failure the
   * index is destroyed. */
  thespis_status (*insert)(void* self, const uint32_t* slots, size_t count,
                           thespis_failure* failure);

  /** Finds up to `query->k` slots, nearest first, each at most once; equal ranks in any order.
   * Fewer than k only if fewer were inserted that the query admits. Status: cancelled. */
  thespis_status (*search)(void* self, const thespis_index_query* query, thespis_hits* hits,
                           thespis_failure* failure);

  /** Answers several queries that share dead, allowed, range and cancelled: hits[i] belongs to
   * queries[i]. May be null: the host then calls `search` for each. */
  thespis_status (*search_batch)(void* self, const thespis_index_query* const* queries,
                                 size_t count, thespis_hits* hits, thespis_failure* failure);

  /** Writes everything but the vectors; covers every slot below the writer's `end_slot` whose
   * `insert` returned before it began. */
  thespis_status (*save)(void* self, const thespis_writer* writer, thespis_failure* failure);

  /** Fills an empty index. Rows of slots that died since may be zeros by now.
   * Status: corruption if the bytes make no sense. After a failure the host destroys the index. */
  thespis_status (*load)(void* self, const thespis_reader* reader, thespis_failure* failure);

  /** Memory held, without the arena. */
  void (*memory)(void* self, thespis_memory* out);

  /** Puts the index into its best shape for searches, at the price of a build's small part: learns
   * its codes anew, drops slots in `dead` (null: none), orders nodes for locality, and finds and
   * mends what searches cannot reach. Memory may double meanwhile. After a failure the index
   * answers as before. Null: there is nothing to do.
   * Thread: beside `search`, never beside `insert`, `save` or itself. */
  thespis_status (*maintain)(void* self, const thespis_bitmap* dead, thespis_maintenance* report,
                             thespis_failure* failure);
} thespis_index_table;

#ifdef __cplusplus
}
#endif

#endif
