/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

/* An index written against plugin interface 1.0 and nothing else: a list of slots that every search
 * goes through. What it says of itself can be spoilt from outside, see the macros below. */

#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thespis/plugin/index.h>

#ifndef CLAIMED_MAJOR
#define CLAIMED_MAJOR THESPIS_ABI_MAJOR
#endif
#ifndef CLAIMED_ELEMENTS
#define CLAIMED_ELEMENTS THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32)
#endif
#ifndef DESCRIPTOR_BYTES
#define DESCRIPTOR_BYTES sizeof(thespis_plugin_descriptor)
#endif
#ifndef TABLE_BYTES
#define TABLE_BYTES sizeof(thespis_index_table)
#endif

static const uint32_t magic = 0x4C495354; /* LIST */

struct saved {
  uint32_t magic;
  uint32_t count;
};

struct list {
  const thespis_services* host;
  const thespis_arena* rows;
  pthread_rwlock_t lock;
  uint32_t* slots;
  size_t count;
  size_t room;
};

static thespis_status fail(thespis_failure* failure, thespis_status status, const char* why) {
  snprintf(failure->message, sizeof(failure->message), "%s", why);
  return status;
}

static int has(const thespis_bitmap* set, uint32_t slot) {
  const uint32_t chunk = slot >> set->chunk_bits_log2;
  const uint32_t bit = slot & ((UINT32_C(1) << set->chunk_bits_log2) - 1);
  if (chunk >= set->chunk_count || set->chunks[chunk] == NULL) return 0;
  return (int)(set->chunks[chunk][bit / 64] >> (bit % 64) & 1);
}

static int admits(const thespis_index_query* query, uint32_t slot) {
  return slot >= query->first_slot && slot < query->end_slot &&
         (query->dead == NULL || !has(query->dead, slot)) &&
         (query->allowed == NULL || has(query->allowed, slot));
}

static const float* row_of(const thespis_arena* rows, uint32_t slot) {
  const uint32_t in_chunk = slot & ((UINT32_C(1) << rows->chunk_rows_log2) - 1);
  return (const float*)(const void*)(rows->chunks[slot >> rows->chunk_rows_log2] +
                                     in_chunk * rows->row_stride_bytes);
}

static float rank_of(const thespis_arena* rows, const float* query, uint32_t slot) {
  const float* row = row_of(rows, slot);
  double dot = 0, apart = 0, squares = 0, length = 0;
  for (uint32_t i = 0; i < rows->dimension; ++i) {
    const double q = query[i], r = row[i];
    dot += q * r;
    apart += fabs(q - r);
    squares += (q - r) * (q - r);
    length += q * q;
  }
  if (rows->metric == THESPIS_METRIC_EUCLID) return (float)squares;
  if (rows->metric == THESPIS_METRIC_MANHATTAN) return (float)apart;
  if (rows->metric == THESPIS_METRIC_DOT) return (float)-dot;
  float inverse;
  memcpy(&inverse, (const char*)row + rows->inverse_norm_offset_bytes, sizeof(inverse));
  return length > 0 ? (float)(-dot * inverse / sqrt(length)) : 0;
}

static void destroy(void* self) {
  struct list* list = self;
  list->host->release(list->host->context, list->slots, list->room * sizeof(uint32_t), 64);
  pthread_rwlock_destroy(&list->lock);
  free(list);
}

static int make_room(struct list* list, size_t count) {
  if (count <= list->room) return 1;
  const size_t room = count > 2 * list->room ? count : 2 * list->room;
  const thespis_services* host = list->host;
  uint32_t* slots = host->allocate(host->context, room * sizeof(uint32_t), 64);
  if (slots == NULL) return 0;
  if (list->count != 0) memcpy(slots, list->slots, list->count * sizeof(uint32_t));
  host->release(host->context, list->slots, list->room * sizeof(uint32_t), 64);
  list->slots = slots;
  list->room = room;
  return 1;
}

static thespis_status insert(void* self, const uint32_t* slots, size_t count,
                             thespis_failure* failure) {
  struct list* list = self;
  pthread_rwlock_wrlock(&list->lock);
  const int fits = make_room(list, list->count + count);
  if (fits) {
    memcpy(list->slots + list->count, slots, count * sizeof(uint32_t));
    list->count += count;
  }
  pthread_rwlock_unlock(&list->lock);
  return fits ? THESPIS_OK : fail(failure, THESPIS_OUT_OF_MEMORY, "no memory for slots");
}

static void offer(const thespis_index_query* query, thespis_hits* hits, uint32_t slot, float rank) {
  if (isnan(rank)) rank = INFINITY;
  if (hits->count == query->k) {
    if (!(rank < hits->items[query->k - 1].rank)) return;
  } else {
    ++hits->count;
  }
  uint64_t at = hits->count - 1;
  for (; at > 0 && rank < hits->items[at - 1].rank; --at) hits->items[at] = hits->items[at - 1];
  hits->items[at].slot = slot;
  hits->items[at].rank = rank;
}

static thespis_status search(void* self, const thespis_index_query* query, thespis_hits* hits,
                             thespis_failure* failure) {
  struct list* list = self;
  hits->count = 0;
  if (query->cancelled != NULL && __atomic_load_n(query->cancelled, __ATOMIC_RELAXED) != 0)
    return fail(failure, THESPIS_CANCELLED, "nobody waits");
  pthread_rwlock_rdlock(&list->lock);
  for (size_t i = 0; i < list->count; ++i)
    if (admits(query, list->slots[i]))
      offer(query, hits, list->slots[i], rank_of(list->rows, query->vector, list->slots[i]));
  pthread_rwlock_unlock(&list->lock);
  return THESPIS_OK;
}

static thespis_status save(void* self, const thespis_writer* writer, thespis_failure* failure) {
  struct list* list = self;
  pthread_rwlock_rdlock(&list->lock);
  struct saved saved = {magic, 0};
  for (size_t i = 0; i < list->count; ++i) saved.count += list->slots[i] < writer->end_slot;
  thespis_status status = writer->write(writer->context, &saved, sizeof(saved));
  for (size_t i = 0; i < list->count && status == THESPIS_OK; ++i)
    if (list->slots[i] < writer->end_slot)
      status = writer->write(writer->context, &list->slots[i], sizeof(uint32_t));
  pthread_rwlock_unlock(&list->lock);
  return status == THESPIS_OK ? status : fail(failure, status, "the host could not write");
}

static int twice(const struct list* list, uint32_t end_slot) {
  unsigned char* seen = calloc(end_slot == 0 ? 1 : end_slot, 1);
  int found = seen == NULL;
  for (size_t i = 0; i < list->count && !found; ++i) {
    found = seen[list->slots[i]];
    seen[list->slots[i]] = 1;
  }
  free(seen);
  return found;
}

static thespis_status load(void* self, const thespis_reader* reader, thespis_failure* failure) {
  struct list* list = self;
  struct saved saved = {0, 0};
  if (reader->bytes < sizeof(saved))
    return fail(failure, THESPIS_CORRUPTION, "a list is never so short");
  thespis_status status = reader->read(reader->context, &saved, sizeof(saved));
  if (status != THESPIS_OK) return fail(failure, status, "the host could not read");
  if (saved.magic != magic) return fail(failure, THESPIS_CORRUPTION, "this is no list");
  const size_t count = saved.count;
  if (reader->bytes - sizeof(saved) != count * sizeof(uint32_t) || count > reader->end_slot)
    return fail(failure, THESPIS_CORRUPTION, "there are too few bytes, or too many slots");
  if (!make_room(list, count)) return fail(failure, THESPIS_OUT_OF_MEMORY, "no memory for slots");
  if (count != 0) status = reader->read(reader->context, list->slots, count * sizeof(uint32_t));
  if (status != THESPIS_OK) return fail(failure, status, "the host could not read");
  list->count = count;
  for (size_t i = 0; i < count; ++i)
    if (list->slots[i] >= reader->end_slot)
      return fail(failure, THESPIS_CORRUPTION, "a slot is out of range");
  if (twice(list, reader->end_slot)) return fail(failure, THESPIS_CORRUPTION, "a slot comes twice");
  return THESPIS_OK;
}

static void memory(void* self, thespis_memory* out) {
  struct list* list = self;
  pthread_rwlock_rdlock(&list->lock);
  out->resident_bytes = sizeof(*list) + list->room * sizeof(uint32_t);
  pthread_rwlock_unlock(&list->lock);
  out->mapped_bytes = 0;
  out->struct_size = sizeof(*out);
}

static thespis_status maintain(void* self, const thespis_bitmap* dead, thespis_maintenance* report,
                               thespis_failure* failure) {
  (void)failure;
  struct list* list = self;
  pthread_rwlock_wrlock(&list->lock);
  size_t kept = 0;
  for (size_t i = 0; i < list->count; ++i)
    if (dead == NULL || !has(dead, list->slots[i])) list->slots[kept++] = list->slots[i];
  report->dropped = list->count - kept;
  report->nodes = list->count = kept;
  pthread_rwlock_unlock(&list->lock);
  report->unreachable = report->mended = 0;
  report->struct_size = sizeof(*report);
  return THESPIS_OK;
}

/* Behind the table lies what a later version might have appended. */
static const struct {
  thespis_index_table known;
  void* appended[4];
} table = {{TABLE_BYTES, 0, destroy, insert, search, NULL, save, load, memory, maintain},
           {NULL, NULL, NULL, NULL}};

static thespis_status create(const thespis_services* services, const void* params,
                             thespis_object* out, thespis_failure* failure) {
  const thespis_index_params* given = params;
  if (given->metric < THESPIS_METRIC_COSINE || given->metric > THESPIS_METRIC_MANHATTAN)
    return fail(failure, THESPIS_UNSUPPORTED, "unknown metric");
  if (given->dimension == 0 || given->arena->dimension != given->dimension)
    return fail(failure, THESPIS_INVALID_ARGUMENT, "strange dimension");
  if (given->arena->element != THESPIS_ELEMENT_FLOAT32)
    return fail(failure, THESPIS_UNSUPPORTED, "rows are not float32");
  struct list* list = calloc(1, sizeof(*list));
  if (list == NULL) return fail(failure, THESPIS_OUT_OF_MEMORY, "no memory");
  list->host = services;
  list->rows = given->arena;
  pthread_rwlock_init(&list->lock, NULL);
  out->self = list;
  out->table = &table;
  return THESPIS_OK;
}

THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void);
const thespis_plugin_descriptor* thespis_plugin(void) {
  static const struct {
    thespis_plugin_descriptor known;
    void* appended[4];
  } descriptor = {{DESCRIPTOR_BYTES, CLAIMED_MAJOR, THESPIS_ABI_MINOR, THESPIS_KIND_INDEX, "frozen",
                   "1.0.0", CLAIMED_ELEMENTS, 0, create},
                  {NULL, NULL, NULL, NULL}};
  return &descriptor.known;
}
