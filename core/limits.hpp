// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound on input and on queues. Configuration may lower some of them, never raise them.
namespace thespis::limits {

// Collections
inline constexpr std::size_t collections_max = 4000;
inline constexpr std::size_t collection_name_bytes_max = 255;
inline constexpr std::size_t aliases_max = 8000;  ///< Over all collections.
inline constexpr std::size_t alias_actions_per_request_max = 1000;
inline constexpr std::size_t copies_running_max = 8;      ///< Copies of collections.
inline constexpr std::size_t copies_remembered_max = 64;  ///< Outcomes that can be asked for.
inline constexpr std::size_t vector_names_max = 16;       ///< Named vectors per collection.
inline constexpr std::size_t vector_name_bytes_max = 255;
inline constexpr std::size_t metadata_bytes_max = 64u << 10;  ///< Of a collection.
inline constexpr std::uint32_t dimension_max = 65535;
inline constexpr std::uint32_t hnsw_m_min = 2;
inline constexpr std::uint32_t hnsw_m_max = 128;
inline constexpr std::uint32_t hnsw_ef_construct_min = 4;
inline constexpr std::uint32_t hnsw_ef_construct_max = 4096;
inline constexpr std::uint32_t binary_bits_max = 4;  ///< Bits a dimension of binary codes.
inline constexpr float quantile_min = 0.5F;          ///< Of scalar codes, as in the dialect.

// Idempotency keys, as kept
inline constexpr std::uint32_t idempotency_window_s_max = 31 * 86'400;
inline constexpr std::size_t idempotency_keys_max = 100'000'000;

// Points
inline constexpr std::size_t string_id_bytes_max = 512;
inline constexpr std::size_t sparse_values_max = 65'535;        ///< Per sparse vector.
inline constexpr std::size_t multivector_rows_max = 4'096;      ///< Per multivector.
inline constexpr std::size_t multivector_values_max = 1 << 20;  ///< Rows times their size.
inline constexpr std::size_t payload_bytes_max = 1u << 20;
/// Length of a vector. Beyond about 9e18 a squared distance of two exceeds a float.
inline constexpr float vector_length_max = 1e18F;
inline constexpr std::uint32_t slots_max = 0xFFFFFFF0u;  ///< Per generation of a collection.

// Requests
inline constexpr std::size_t request_bytes_max = 256u << 20;  ///< Ceiling of the configured value.
inline constexpr std::size_t request_bytes_default = 32u << 20;
inline constexpr std::size_t points_per_request_max = 100'000;
inline constexpr std::size_t ids_per_request_max = 100'000;
inline constexpr std::size_t payload_keys_per_request_max = 1'024;  ///< To be removed.
inline constexpr std::size_t operations_per_batch_max = 1'000;
inline constexpr std::size_t points_filtered_per_write_max = 250'000;  ///< Read to be judged.
/// Of the points that a write changes, as they were and as they become: it holds them at once.
inline constexpr std::size_t write_points_bytes_max = 1u << 30;
inline constexpr std::uint32_t limit_max = 10'000;    ///< `limit` of a query or scroll.
inline constexpr std::uint32_t offset_max = 100'000;  ///< `offset` of a query.
inline constexpr std::uint32_t hnsw_ef_max = 100'000;
inline constexpr float oversampling_max = 1000.0F;  ///< Candidates rescored per hit asked for.
inline constexpr std::size_t queries_per_batch_max = 1'000;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t filter_depth_max = 16;          ///< Filters within filters.
inline constexpr std::size_t filter_conditions_max = 1'024;  ///< Of a filter, over all depths.
inline constexpr std::size_t match_values_max = 100'000;     ///< Of `any` or `except`.
inline constexpr std::size_t polygon_points_max = 10'000;    ///< Over all its lines.
inline constexpr std::size_t payload_path_bytes_max = 1'024;
inline constexpr std::size_t payload_path_parts_max = 32;
inline constexpr std::size_t idempotency_key_bytes_max = 255;
inline constexpr std::size_t header_bytes_max = 8192;
inline constexpr std::size_t chunk_extension_bytes_max = 8192;  ///< Over all chunks of a body.

// Queues
inline constexpr std::size_t connections_max = 100'000;
inline constexpr std::size_t requests_in_flight_max = 1'024;
inline constexpr std::size_t requests_waiting_max = 65'536;       ///< For room, of one kind.
inline constexpr std::size_t requests_waiting_sure = 8;           ///< However long it takes.
inline constexpr std::size_t reads_per_core = 10;                 ///< Handled at once, by default.
inline constexpr std::size_t write_bytes_running_max = 1u << 20;  ///< Bodies handled at once.
inline constexpr std::size_t writes_pending_max = 4'096;     ///< Per collection, not yet durable.
inline constexpr std::size_t operations_asked_max = 1'024;   ///< Per collection, being looked up.
inline constexpr std::size_t index_checks_pending_max = 64;  ///< Per collection, not yet begun.
inline constexpr std::size_t searches_running_max = 1'024;   ///< Per collection.
inline constexpr std::size_t long_searches_per_core = 6;     ///< Running or waiting, over all.
inline constexpr std::size_t asks_in_flight_max = 16'384;    ///< Requests to actors, over all.
inline constexpr std::size_t io_jobs_max = 16'384;           ///< Waiting for a builder thread.
inline constexpr std::size_t build_jobs_max = 16'384;

// Threads
inline constexpr std::size_t threads_max = 1'024;  ///< Per pool.

// Log
inline constexpr std::size_t log_text_bytes_max = 2048;  ///< Of one message or field.
inline constexpr std::size_t log_repeats_max = 1'024;    ///< Distinct lines that are counted.
inline constexpr std::size_t log_lines_waiting_max = 8'192;

// Files
inline constexpr std::size_t config_file_bytes_max = 1u << 20;
inline constexpr std::size_t import_line_bytes_max = 32u << 20;  ///< Of a JSON lines file.

}  // namespace thespis::limits
