/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A compute back end written against plugin interface 1.0 and nothing else: plain loops. */

#include <math.h>
#include <stdio.h>
#include <thespis/plugin/compute.h>

static thespis_status fail(thespis_failure* failure, thespis_status status, const char* why) {
  snprintf(failure->message, sizeof(failure->message), "%s", why);
  return status;
}

static void destroy(void* self) { (void)self; }

static float rank_of(const thespis_ranks_task* task, const float* query, uint64_t at) {
  const uint64_t offset = at * task->row_stride_bytes;
  const float* row = (const float*)(const void*)((const char*)task->rows + offset);
  double dot = 0, apart = 0, squares = 0, length_q = 0, length_r = 0;
  for (uint32_t i = 0; i < task->dimension; ++i) {
    const double q = query[i], r = row[i];
    dot += q * r;
    apart += fabs(q - r);
    squares += (q - r) * (q - r);
    length_q += q * q;
    length_r += r * r;
  }
  if (task->metric == THESPIS_METRIC_EUCLID) return (float)squares;
  if (task->metric == THESPIS_METRIC_MANHATTAN) return (float)apart;
  if (task->metric == THESPIS_METRIC_DOT) return (float)-dot;
  if (length_q == 0 || length_r == 0) return 0;
  double inverse = 1 / sqrt(length_r);
  if (task->row_inverse_norms != NULL)
    inverse = *(const float*)(const void*)((const char*)task->row_inverse_norms + offset);
  return (float)(-dot / sqrt(length_q) * inverse);
}

static thespis_status ranks(void* self, const thespis_ranks_task* task, thespis_failure* failure) {
  (void)self;
  if (task->metric < THESPIS_METRIC_COSINE || task->metric > THESPIS_METRIC_MANHATTAN)
    return fail(failure, THESPIS_INVALID_ARGUMENT, "unknown metric");
  if (task->element != THESPIS_ELEMENT_FLOAT32)
    return fail(failure, THESPIS_UNSUPPORTED, "rows are not float32");
  for (uint64_t q = 0; q < task->query_count; ++q)
    for (uint64_t r = 0; r < task->row_count; ++r)
      task->ranks[q * task->row_count + r] = rank_of(task, task->queries + q * task->dimension, r);
  return THESPIS_OK;
}

static const char* target(void* self) {
  (void)self;
  return "plain loops";
}

static void memory(void* self, thespis_memory* out) {
  (void)self;
  out->resident_bytes = out->mapped_bytes = 0;
  out->struct_size = sizeof(*out);
}

static const thespis_compute_table table = {sizeof(table), 0, destroy, ranks, target, memory};

static thespis_status create(const thespis_services* services, const void* params,
                             thespis_object* out, thespis_failure* failure) {
  static int nothing;
  (void)services;
  (void)params;
  (void)failure;
  out->self = &nothing;
  out->table = &table;
  return THESPIS_OK;
}

THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void);
const thespis_plugin_descriptor* thespis_plugin(void) {
  static const thespis_plugin_descriptor descriptor = {sizeof(descriptor),
                                                       THESPIS_ABI_MAJOR,
                                                       THESPIS_ABI_MINOR,
                                                       THESPIS_KIND_COMPUTE,
                                                       "frozen",
                                                       "1.0.0",
                                                       THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),
                                                       0,
                                                       create};
  return &descriptor;
}
