/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A quantizer written against plugin interface 1.0 and nothing else: its codes are the vectors, and
 * its estimates are exact. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thespis/plugin/quantizer.h>

struct copier {
  thespis_metric metric;
  uint32_t dimension;
};

struct saved {
  uint32_t magic;
  uint32_t dimension;
};
static const uint32_t magic = 0x434F5059; /* COPY */

static thespis_status fail(thespis_failure* failure, thespis_status status, const char* why) {
  snprintf(failure->message, sizeof(failure->message), "%s", why);
  return status;
}

static void destroy(void* self) { free(self); }

static void layout(void* self, thespis_code_layout* out) {
  const struct copier* copier = self;
  out->struct_size = sizeof(*out);
  out->code_bytes = out->query_bytes = copier->dimension * (uint32_t)sizeof(float);
  out->refinement_bytes = out->slack_bytes = out->block_rows = out->block_bytes = 0;
}

static thespis_status train(void* self, const float* const* rows, size_t count,
                            thespis_failure* failure) {
  (void)self;
  (void)rows;
  if (count == 0) return fail(failure, THESPIS_INVALID_ARGUMENT, "there are no rows");
  return THESPIS_OK;
}

static thespis_status save(void* self, const thespis_writer* writer, thespis_failure* failure) {
  const struct copier* copier = self;
  const struct saved saved = {magic, copier->dimension};
  const thespis_status status = writer->write(writer->context, &saved, sizeof(saved));
  return status == THESPIS_OK ? status : fail(failure, status, "the host could not write");
}

static thespis_status load(void* self, const thespis_reader* reader, thespis_failure* failure) {
  const struct copier* copier = self;
  struct saved saved = {0, 0};
  if (reader->bytes != sizeof(saved))
    return fail(failure, THESPIS_CORRUPTION, "what was saved is of another length");
  const thespis_status status = reader->read(reader->context, &saved, sizeof(saved));
  if (status != THESPIS_OK) return fail(failure, status, "the host could not read");
  if (saved.magic != magic || saved.dimension != copier->dimension)
    return fail(failure, THESPIS_CORRUPTION, "another quantizer saved this");
  return THESPIS_OK;
}

static void encode(void* self, const float* const* rows, size_t count, void* const* codes,
                   void* const* refinements) {
  const struct copier* copier = self;
  (void)refinements;
  for (size_t i = 0; i < count; ++i) memcpy(codes[i], rows[i], copier->dimension * sizeof(float));
}

static void prepare(void* self, const float* vector, void* query) {
  const struct copier* copier = self;
  memcpy(query, vector, copier->dimension * sizeof(float));
}

static float rank_of(const struct copier* copier, const float* a, const float* b) {
  double dot = 0, apart = 0, squares = 0, length_a = 0, length_b = 0;
  for (uint32_t i = 0; i < copier->dimension; ++i) {
    const double x = a[i], y = b[i];
    dot += x * y;
    apart += fabs(x - y);
    squares += (x - y) * (x - y);
    length_a += x * x;
    length_b += y * y;
  }
  if (copier->metric == THESPIS_METRIC_EUCLID) return (float)squares;
  if (copier->metric == THESPIS_METRIC_MANHATTAN) return (float)apart;
  if (copier->metric == THESPIS_METRIC_DOT) return (float)-dot;
  const double lengths = sqrt(length_a) * sqrt(length_b);
  return lengths > 0 ? (float)(-dot / lengths) : 0;
}

static void estimate(void* self, const void* query, const void* const* codes, size_t count,
                     float* ranks) {
  for (size_t i = 0; i < count; ++i) ranks[i] = rank_of(self, query, codes[i]);
}

static void compare(void* self, const void* code, const void* refinement, const void* const* codes,
                    const void* const* refinements, size_t count, float* ranks) {
  (void)refinement;
  (void)refinements;
  estimate(self, code, codes, count, ranks);
}

static void memory(void* self, thespis_memory* out) {
  (void)self;
  out->resident_bytes = sizeof(struct copier);
  out->mapped_bytes = 0;
  out->struct_size = sizeof(*out);
}

static const thespis_quantizer_table table = {sizeof(table), 0,       destroy, layout,  train,
                                              save,          load,    encode,  prepare, estimate,
                                              NULL,          compare, NULL,    NULL,    memory};

static thespis_status create(const thespis_services* services, const void* params,
                             thespis_object* out, thespis_failure* failure) {
  const thespis_quantizer_params* given = params;
  (void)services;
  if (given->metric < THESPIS_METRIC_COSINE || given->metric > THESPIS_METRIC_MANHATTAN)
    return fail(failure, THESPIS_UNSUPPORTED, "unknown metric");
  if (given->dimension == 0) return fail(failure, THESPIS_INVALID_ARGUMENT, "dimension is 0");
  struct copier* copier = malloc(sizeof(*copier));
  if (copier == NULL) return fail(failure, THESPIS_OUT_OF_MEMORY, "no memory");
  copier->metric = given->metric;
  copier->dimension = given->dimension;
  out->self = copier;
  out->table = &table;
  return THESPIS_OK;
}

THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void);
const thespis_plugin_descriptor* thespis_plugin(void) {
  static const thespis_plugin_descriptor descriptor = {sizeof(descriptor),
                                                       THESPIS_ABI_MAJOR,
                                                       THESPIS_ABI_MINOR,
                                                       THESPIS_KIND_QUANTIZER,
                                                       "frozen",
                                                       "1.0.0",
                                                       THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),
                                                       0,
                                                       create};
  return &descriptor;
}
