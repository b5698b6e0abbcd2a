// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/encode.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "protocols/codec/collection_parts.hpp"
#include "protocols/codec/quantization.hpp"

namespace thespis::codec {

namespace {

void encode_vector(json_writer& out, const named_vector& vector) {
  switch (vector.shape) {
    case vector_shape::dense: out.floats(vector.values); return;
    case vector_shape::sparse:
      out.begin_object().key("indices").begin_array();
      for (const auto index : vector.indices) out.number(index);
      out.end_array().key("values").floats(vector.values).end_object();
      return;
    case vector_shape::multivector:
      out.begin_array();
      for (std::size_t i = 0; i < vector.values.size(); i += vector.size)
        out.floats(std::span(vector.values).subspan(i, vector.size));
      out.end_array();
      return;
  }
}

void encode_vectors(json_writer& out, const std::vector<named_vector>& vectors) {
  if (vectors.size() == 1 && vectors.front().name.empty())
    return encode_vector(out, vectors.front());
  out.begin_object();
  for (const auto& vector : vectors) {
    out.key(vector.name);
    encode_vector(out, vector);
  }
  out.end_object();
}

void encode_parts(json_writer& out, const scored_point& point) {
  if (point.payload) out.key("payload").raw(point.payload->empty() ? "{}" : point.payload->json);
  if (point.vectors) {
    out.key("vector");
    encode_vectors(out, *point.vectors);
  }
}

void encode_next_page(json_writer& out, const scroll_reply& reply) {
  out.key("next_page_offset");
  if (reply.next_page_offset)
    encode(out, *reply.next_page_offset);
  else
    out.null();
}

// RFC 3339 in UTC with milliseconds; null for a time that is not known.
void encode_time(json_writer& out, std::string_view key, std::int64_t time_us) {
  out.key(key);
  const std::time_t seconds = time_us / 1'000'000;
  std::tm parts{};
  if (time_us <= 0 || gmtime_r(&seconds, &parts) == nullptr) {
    out.null();
    return;
  }
  char day[32];
  const auto size = std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[48];
  std::snprintf(text, sizeof text, "%.*s.%03dZ", static_cast<int>(size), day,
                static_cast<int>(time_us / 1000 % 1000));
  out.string(text);
}

std::string_view name_of(collection_status status) {
  switch (status) {
    case collection_status::green: return "green";
    case collection_status::yellow: return "yellow";
    case collection_status::red: return "red";
  }
  return "red";
}

// `with_preset` is false where the dialect's clients refuse fields that they do not know.
void encode_hnsw(json_writer& out, const hnsw_config& hnsw, bool with_preset) {
  out.begin_object();
  out.key("m").number(hnsw.m);
  out.key("ef_construct").number(hnsw.ef_construct);
  out.key("full_scan_threshold").number(hnsw.full_scan_threshold_kb);
  out.key("max_indexing_threads").number(0u);
  out.key("on_disk").boolean(false);
  if (with_preset) out.key("preset").string(to_string(hnsw.preset));
  out.end_object();
}

// Fields of ours appear only where they were asked for: the dialect's clients are strict here.
void encode_vector_params(json_writer& out, const collection_spec& spec,
                          const vector_spec& vector) {
  out.begin_object();
  out.key("size").number(vector.size);
  out.key("distance").string(to_string(vector.metric));
  if (vector.hnsw) {
    out.key("hnsw_config");
    encode_hnsw(out, *vector.hnsw, vector.hnsw->preset != spec.hnsw.preset);
  }
  if (vector.quantization) {
    out.key("quantization_config");
    encode(out, vector.quantization);
  }
  out.key("on_disk").boolean(vector.on_disk);
  if (vector.elements != element_type::float32)
    out.key("datatype").string(to_string(vector.elements));
  if (vector.multivector)
    out.key("multivector_config").begin_object().key("comparator").string("max_sim").end_object();
  if (vector.index != vector_spec().index) out.key("index").string(vector.index);
  out.end_object();
}

void encode_sparse_params(json_writer& out, const collection_spec& spec) {
  if (spec.sparse_vectors.empty()) return;
  out.key("sparse_vectors").begin_object();
  for (const auto& vector : spec.sparse_vectors) {
    out.key(vector.name).begin_object();
    out.key("index").begin_object();
    if (vector.full_scan_threshold)
      out.key("full_scan_threshold").number(*vector.full_scan_threshold);
    out.key("on_disk").boolean(false);
    out.key("datatype").string(to_string(vector.elements));
    out.end_object();
    if (vector.idf) out.key("modifier").string("idf");
    out.end_object();
  }
  out.end_object();
}

void encode_config(json_writer& out, const collection_spec& spec) {
  out.key("config").begin_object();
  out.key("params").begin_object();
  out.key("vectors");
  if (spec.vectors.size() == 1 && spec.vectors.front().name.empty()) {
    encode_vector_params(out, spec, spec.vectors.front());
  } else {
    out.begin_object();
    for (const auto& vector : spec.vectors) {
      out.key(vector.name);
      encode_vector_params(out, spec, vector);
    }
    out.end_object();
  }
  encode_sparse_params(out, spec);
  out.key("shard_number").number(1u);
  out.key("replication_factor").number(1u);
  out.key("write_consistency_factor").number(1u);
  out.key("on_disk_payload").boolean(true);
  out.end_object();
  out.key("hnsw_config");
  encode_hnsw(out, spec.hnsw, true);
  // Required by the dialect's clients: one segment, never vacuumed, flushed with every write.
  out.key("optimizer_config").begin_object();
  out.key("deleted_threshold").number(1.0);
  out.key("vacuum_min_vector_number").number(0u);
  out.key("default_segment_number").number(1u);
  out.key("flush_interval_sec").number(0u);
  out.end_object();
  out.key("wal_config").null();
  out.key("quantization_config");
  encode(out, spec.quantization);
  if (spec.strict) {
    out.key("strict_mode_config");
    encode(out, *spec.strict);
  }
  if (!spec.metadata.empty()) out.key("metadata").raw(spec.metadata);
  if (!spec.limits.empty()) {
    out.key("limits");
    encode(out, spec.limits);
  }
  out.end_object();
}

void encode_indexes(json_writer& out, const std::vector<vector_index_info>& indexes) {
  out.key("indexes").begin_array();
  for (const auto& index : indexes) {
    out.begin_object();
    out.key("vector").string(index.name);
    out.key("index").string(index.index);
    out.key("indexed_slots").number(index.indexed_slots);
    out.key("tail_slots").number(index.tail_slots);
    out.key("preset").string(to_string(index.preset));
    out.key("quantizer");
    if (index.quantizer.empty())
      out.null();
    else
      out.string(index.quantizer);
    out.key("quantizer_bits").number(index.quantizer_bits);
    out.key("index_bytes").number(index.index_bytes);
    out.key("arena_bytes").number(index.arena_bytes);
    out.key("arena_mapped_bytes").number(index.arena_mapped_bytes);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

void encode(json_writer& out, const point_id& id) {
  if (id.is_number())
    out.number(id.number());
  else if (id.is_string())
    out.string(id.string());
  else
    out.string(id.text());
}

void encode_hit(json_writer& out, const scored_point& hit) {
  out.begin_object();
  out.key("id");
  encode(out, hit.id);
  out.key("version").number(hit.version);
  out.key("score").number(hit.score);
  encode_parts(out, hit);
  out.end_object();
}

void encode_record(json_writer& out, const scored_point& record) {
  out.begin_object();
  out.key("id");
  encode(out, record.id);
  out.key("version").number(record.version);
  encode_parts(out, record);
  out.end_object();
}

void encode(json_writer& out, const search_reply& reply) {
  out.begin_array();
  for (const auto& hit : reply.hits) encode_hit(out, hit);
  out.end_array();
}

void encode(json_writer& out, const scroll_reply& reply) {
  out.begin_object();
  out.key("points").begin_array();
  for (const auto& record : reply.points) encode_record(out, record);
  out.end_array();
  encode_next_page(out, reply);
  out.end_object();
}

void encode_ids_page(json_writer& out, const scroll_reply& reply) {
  out.begin_object();
  out.key("ids").begin_array();
  for (const auto& record : reply.points) encode(out, record.id);
  out.end_array();
  encode_next_page(out, reply);
  out.end_object();
}

void encode(json_writer& out, const write_reply& reply, std::string_view status) {
  out.begin_object();
  out.key("operation_id").number(reply.lsn);
  out.key("status").string(status);
  out.key("affected").number(reply.affected);
  out.end_object();
}

void encode_each(json_writer& out, const write_reply& reply, std::string_view status) {
  out.begin_array();
  for (const auto affected : reply.each) encode(out, write_reply{reply.lsn, affected, {}}, status);
  out.end_array();
}

void encode(json_writer& out, const operation_state& state) {
  const bool completed = state.status == operation_status::completed;
  out.begin_object().key("operation_id").number(state.id);
  out.key("status").string(completed ? "completed" : "acknowledged").end_object();
}

void encode(json_writer& out, const std::vector<collection_meta>& collections) {
  out.begin_object();
  out.key("collections").begin_array();
  for (const auto& meta : collections)
    out.begin_object().key("name").string(meta.name).end_object();
  out.end_array();
  out.end_object();
}

void encode(json_writer& out, const collection_info& info) {
  std::uint64_t indexed = 0;
  for (const auto& index : info.indexes) indexed += index.indexed_slots;
  out.begin_object();
  out.key("status").string(name_of(info.status));
  out.key("optimizer_status");
  if (info.status == collection_status::red)
    out.begin_object().key("error").string(info.status_detail).end_object();
  else
    out.string("ok");
  out.key("indexed_vectors_count").number(indexed);
  out.key("points_count").number(info.points);
  out.key("segments_count").number(1u);
  encode_config(out, info.meta.spec);
  out.key("payload_schema").begin_object().end_object();
  out.key("uuid").string(info.meta.id.text());
  encode_time(out, "created_at", info.meta.created_us);
  encode_time(out, "updated_at", info.updated_us);
  out.key("status_detail").string(info.status_detail);
  out.key("tombstones_count").number(info.tombstones);
  out.key("slot_table_bytes").number(info.slot_table_bytes);
  encode_indexes(out, info.indexes);
  out.end_object();
}

void encode(json_writer& out, const index_check_reply& reply) {
  out.begin_object();
  out.key("indexes").begin_array();
  for (const auto& index : reply.indexes) {
    out.begin_object();
    out.key("vector").string(index.name);
    out.key("index").string(index.index);
    out.key("nodes").number(index.nodes);
    out.key("dropped").number(index.dropped);
    out.key("unreachable").number(index.unreachable);
    out.key("mended").number(index.mended);
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

}  // namespace thespis::codec
