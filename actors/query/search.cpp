// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/search.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "actors/query/multi_search.hpp"
#include "actors/query/payload_selection.hpp"
#include "actors/query/read.hpp"
#include "actors/query/vector_fit.hpp"
#include "actors/query/view_reader.hpp"
#include "core/vector_values.hpp"

namespace thespis::actors {

namespace {

using hits = std::vector<plugins::ranked_slot>;

/// Of what a sparse search reads for each point of a collection, about.
constexpr std::uint64_t posting_bytes = 8;

/// A search made ready: what to compare with, and the point that must not answer.
struct target {
  named_vector vector;
  std::optional<point_id> self;
};

/// True if every slot is compared: asked for, too few points for a graph, or an index that scans.
bool scans_all(const view& source, const vector_view& vector, const search_request& request) {
  const std::uint64_t raw_bytes = source.points * vector.spec.size * sizeof(float);
  return request.exact || vector.index->scans() ||
         raw_bytes / 1024 < vector.hnsw.full_scan_threshold_kb;
}

/// `vector` is a `vector_view`, a `sparse_view` or a `multi_view`.
template <class Vector>
result<target> resolve_target(const view& source, const Vector& vector,
                              const search_request& request) {
  if (const auto* values = std::get_if<named_vector>(&request.target)) {
    if (const auto fits = fit_query(vector.spec, *values); !fits)
      return error(fits.error().code,
                   "collection '" + source.meta->name + "': " + fits.error().message);
    return target{*values, std::nullopt};
  }
  const auto& id = std::get<point_id>(request.target);
  THESPIS_TRY(auto points, view_reader::open(source));
  THESPIS_TRY(const auto record, points.find(id));
  if (!record)
    return error(errc::not_found,
                 "collection '" + source.meta->name + "': it has no point " + id.text());
  THESPIS_TRY(const auto vectors, points.vectors(id, *record));
  const auto* values = find_vector(vectors, vector.spec.name);
  if (values == nullptr)
    return error(errc::not_found, "collection '" + source.meta->name + "': point " + id.text() +
                                      " has no vector '" + vector.spec.name + "'");
  return target{*values, id};
}

/// End of the slots that a search looks at.
slot_t end_of(const view& source, const vector_view& vector, const search_request& request) {
  return request.indexed_only ? std::min(vector.indexed_end, source.end_slot) : source.end_slot;
}

/// The nearest `k` slots of the view, from index and scan together.
result<void> rank(const view& source, const vector_view& vector, const search_request& request,
                  std::span<const float> values, std::uint32_t k, hits& ranked) {
  plugins::index_query query;
  query.vector = values;
  query.k = k;
  query.ef = request.hnsw_ef.value_or(0);
  query.ignore_codes = request.codes.ignore;
  query.rescore = request.codes.rescore;
  query.oversampling = request.codes.oversampling.value_or(0);
  query.dead = &vector.dead;
  query.end_slot = end_of(source, vector, request);
  if (scans_all(source, vector, request)) return vector.scan->search(query, ranked);
  const auto end = std::exchange(query.end_slot, vector.indexed_end);
  THESPIS_CHECK(vector.index->search(query, ranked));
  if (vector.indexed_end >= end) return ok();
  hits tail;
  query.first_slot = vector.indexed_end;
  query.end_slot = end;
  THESPIS_CHECK(vector.scan->search(query, tail));
  const auto middle = static_cast<std::ptrdiff_t>(ranked.size());
  ranked.insert(ranked.end(), tail.begin(), tail.end());
  std::inplace_merge(ranked.begin(), ranked.begin() + middle, ranked.end(),
                     [](const auto& a, const auto& b) { return a.rank < b.rank; });
  if (ranked.size() > k) ranked.resize(k);
  return ok();
}

/// Puts equal scores in the order of ids, so that answers do not depend on slots.
void order_ties(std::vector<scored_point>& found) {
  for (auto first = found.begin(); first != found.end();) {
    const auto last = std::find_if(
        first, found.end(), [&](const scored_point& other) { return other.score != first->score; });
    if (last - first > 1)
      std::sort(first, last, [](const auto& a, const auto& b) { return a.id < b.id; });
    first = last;
  }
}

bool passes_threshold(const search_request& request, distance metric, float score) {
  if (!request.score_threshold) return true;
  return larger_is_nearer(metric) ? score >= *request.score_threshold
                                  : score <= *request.score_threshold;
}

/// The write that last touched a point of the view.
lsn_t version_of(const view& source, const point_id& id, slot_t slot) {
  const auto noted = source.slots.version(slot);
  if (noted <= source.lsn) return noted;
  // A later write kept the slot.
  const auto* former = source.at->former(id);
  return former != nullptr && former->record ? former->record->lsn : noted;
}

/// The points with the largest products, as ranks of the inner product.
result<void> rank_sparse(const view& source, const sparse_view& vector, const target& wanted,
                         std::uint32_t k, hits& ranked) {
  auto indices = wanted.vector.indices;
  auto values = wanted.vector.values;
  THESPIS_CHECK(sort_sparse(indices, values));
  fields::sparse_query query;
  query.indices = indices;
  query.values = values;
  query.k = k;
  query.end_slot = source.end_slot;
  query.dead = &source.retired;
  query.idf = vector.spec.idf;
  THESPIS_TRY(const auto found, vector.postings.search(query));
  ranked.clear();
  for (const auto& hit : found) ranked.push_back({hit.slot, -hit.score});
  return ok();
}

/// Turns ranked slots into points until the threshold cuts.
std::vector<scored_point> score(const view& source, distance metric, const search_request& request,
                                const target& wanted, const hits& ranked) {
  std::vector<scored_point> found;
  found.reserve(ranked.size());
  for (const auto& hit : ranked) {
    const float value = score_of_rank(metric, hit.rank);
    if (!passes_threshold(request, metric, value)) break;
    auto id = source.slots.id(hit.slot);
    if (wanted.self && id == *wanted.self) continue;
    auto& next = found.emplace_back();
    next.score = value;
    next.version = version_of(source, id, hit.slot);
    next.id = std::move(id);
  }
  order_ties(found);
  return found;
}

/// Fills in payloads and vectors.
result<void> enrich(const view& source, const search_request& request, search_reply& reply) {
  if (!request.with_payload.enabled && !request.with_vector.enabled) return ok();
  THESPIS_TRY(auto points, view_reader::open(source));
  for (auto& hit : reply.hits) {
    THESPIS_TRY(auto record, points.find(hit.id));
    if (!record)
      return error(errc::corruption, "collection '" + source.meta->name + "': point " +
                                         hit.id.text() + " has a slot but is not stored");
    if (request.with_vector.enabled) {
      THESPIS_TRY(hit.vectors, points.vectors(hit.id, *record));
      select_vectors(*hit.vectors, request.with_vector);
    }
    if (request.with_payload.enabled) {
      THESPIS_TRY(hit.payload, select_payload(std::move(record->payload), request.with_payload));
    }
  }
  return ok();
}

/// The hits of the page that was asked for.
search_reply cut_page(std::vector<scored_point>&& found, const search_request& request) {
  search_reply reply;
  for (std::size_t i = request.offset; i < found.size() && reply.hits.size() < request.limit; ++i)
    reply.hits.push_back(std::move(found[i]));
  return reply;
}

result<void> rank_any(const view& source, const vector_view& vector, const search_request& request,
                      const target& wanted, std::uint32_t k, hits& ranked) {
  return rank(source, vector, request, wanted.vector.values, k, ranked);
}
result<void> rank_any(const view& source, const sparse_view& vector, const search_request&,
                      const target& wanted, std::uint32_t k, hits& ranked) {
  return rank_sparse(source, vector, wanted, k, ranked);
}
result<void> rank_any(const view& source, const multi_view& vector, const search_request& request,
                      const target& wanted, std::uint32_t k, hits& ranked) {
  return rank_multi(source, vector, request, wanted.vector.values, k, ranked);
}

distance metric_of(const vector_spec& spec) { return spec.metric; }
distance metric_of(const sparse_vector_spec&) { return distance::dot; }

/// `vector` is what `resolve_target` takes.
template <class Vector>
result<search_reply> search_in(const view& source, const Vector& vector,
                               const search_request& request) {
  THESPIS_CHECK(check_selector(source, request.with_vector));
  THESPIS_TRY(const target wanted, resolve_target(source, vector, request));
  const auto k = static_cast<std::uint32_t>(std::uint64_t{request.offset} + request.limit +
                                            (wanted.self ? 1 : 0));
  hits ranked;
  THESPIS_CHECK(rank_any(source, vector, request, wanted, k, ranked));
  auto reply = cut_page(score(source, metric_of(vector.spec), request, wanted, ranked), request);
  THESPIS_CHECK(enrich(source, request, reply));
  return reply;
}

}  // namespace

std::uint64_t estimate_bytes(const view& source, const search_request& request) {
  const auto* vector = source.find(request.vector_name);
  if (const auto* multi = source.find_multi(request.vector_name))
    return estimate_multi_bytes(source, *multi, request);
  if (vector == nullptr)
    return source.find_sparse(request.vector_name) != nullptr ? source.points * posting_bytes : 0;
  const std::uint64_t row_bytes = vector->spec.size * sizeof(float);
  const auto end = end_of(source, *vector, request);
  if (scans_all(source, *vector, request)) return end * row_bytes;
  return (end - std::min(vector->indexed_end, end)) * row_bytes;
}

result<search_reply> search(const view& source, const search_request& request) {
  if (const auto* dense = source.find(request.vector_name))
    return search_in(source, *dense, request);
  if (const auto* multi = source.find_multi(request.vector_name))
    return search_in(source, *multi, request);
  if (const auto* sparse = source.find_sparse(request.vector_name))
    return search_in(source, *sparse, request);
  return error(errc::invalid_argument, no_vector(source, request.vector_name));
}

}  // namespace thespis::actors
