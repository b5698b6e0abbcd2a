// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_copy.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/fail_point.hpp"
#include "storage/catalog_store.hpp"
#include "storage/engine.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t points_per_step_max = 1000;
constexpr std::size_t row_overhead_bytes = 160;

std::size_t bytes_of(const effect& change) {
  const auto* upsert = std::get_if<upsert_effect>(&change);
  if (upsert == nullptr) return row_overhead_bytes;
  std::size_t bytes = row_overhead_bytes + upsert->point.payload.json.size();
  for (const auto& vector : upsert->point.vectors)
    bytes += vector.name.size() + vector.values.size() * sizeof(float);
  return bytes;
}

// What changes a collection beyond its points and leaves these alone.
bool concerns_no_point(const effect& change) {
  return std::holds_alternative<create_collection_effect>(change) ||
         std::holds_alternative<rename_collection_effect>(change) ||
         std::holds_alternative<alter_collection_effect>(change) ||
         std::holds_alternative<alias_effect>(change);
}

template <class Vector>
bool same_rows(const std::vector<Vector>& before, const std::vector<Vector>& after) {
  return std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [](const Vector& a, const Vector& b) {
                      return a.name == b.name && a.elements == b.elements;
                    });
}

// Parameters of the copy are those that the source had at the beginning; its points have to fit.
bool changes_vectors(const effect& change, const collection_spec& source) {
  const auto* altered = std::get_if<alter_collection_effect>(&change);
  return altered != nullptr && !(same_rows(source.vectors, altered->spec.vectors) &&
                                 same_rows(source.sparse_vectors, altered->spec.sparse_vectors));
}

bool ends_collection(const effect& change) {
  return std::holds_alternative<drop_collection_effect>(change) ||
         std::holds_alternative<truncate_collection_effect>(change);
}

}  // namespace

collection_copy::collection_copy(engine& owner, const collection_meta& source)
    : engine_(owner), source_meta_(source) {}

result<std::unique_ptr<collection_copy>> collection_copy::begin(engine& owner,
                                                                const collection_meta& source) {
  THESPIS_TRY(const auto made, owner.catalog().create_nameless(source.spec));
  THESPIS_FAIL_POINT("copy.begun");
  std::unique_ptr<collection_copy> copy(new collection_copy(owner, source));
  copy->id_ = made.id;
  // Everything that is durable now will be in every snapshot that is taken from now on. Nothing may
  // be trimmed between the look and the hold.
  owner.journal().hold("copy " + made.id.text(), 0);
  const auto durable = owner.journal().marks().durable;
  owner.journal().hold("copy " + made.id.text(), durable);
  copy->next_ = durable + 1;
  const auto open = [&]() -> result<void> {
    THESPIS_TRY(copy->source_, owner.catalog().open(source));
    copy->source_->idle();
    copy->expected_ = copy->source_->counters().points;
    THESPIS_TRY(copy->target_, owner.catalog().open(made));
    return ok();
  };
  if (auto opened = open(); !opened) {
    copy.reset();
    auto dropped = owner.catalog().drop_nameless(made.id);
    return std::move(opened).error();
  }
  return copy;
}

collection_copy::~collection_copy() { engine_.journal().release("copy " + id_.text()); }

result<collection_copy::progress> collection_copy::step(std::size_t bytes_max) {
  switch (now_) {
    case phase::scanning: THESPIS_CHECK(scan(bytes_max)); return progress::more;
    case phase::flushing:
      if (!*durable_) return progress::waiting;
      now_ = phase::catching_up;
      return progress::more;
    case phase::catching_up: THESPIS_CHECK(catch_up(bytes_max)); return progress::more;
    case phase::whole: break;
  }
  return progress::whole;
}

result<void> collection_copy::scan(std::size_t bytes_max) {
  std::vector<effect> changes;
  std::size_t bytes = 0;
  bool more = false;
  {
    THESPIS_TRY(const auto snapshot, source_->snapshot());
    result<void> outcome = ok();
    const auto take = [&](const point_id& id, point_record&& row) -> result<void> {
      upsert_effect change;
      change.point.id = id;
      change.point.payload = std::move(row.payload);
      change.created_us = row.created_us;
      change.updated_us = row.updated_us;
      change.expires_us = row.expires_us;
      THESPIS_TRY(change.point.vectors, snapshot->vectors(row.slot));
      changes.emplace_back(std::move(change));
      return ok();
    };
    THESPIS_CHECK(snapshot->scan(last_, [&](const point_id& id, point_record&& row) {
      if (last_ && changes.empty() && id == *last_) return true;
      more = bytes >= bytes_max || changes.size() == points_per_step_max;
      if (more) return false;
      outcome = take(id, std::move(row));
      if (outcome) bytes += bytes_of(changes.back());
      return outcome.has_value();
    }));
    THESPIS_CHECK(std::move(outcome));
  }
  if (!changes.empty()) last_ = std::get<upsert_effect>(changes.back()).point.id;
  points_ += changes.size();
  THESPIS_CHECK(apply(changes));
  THESPIS_FAIL_POINT("copy.points_put");
  if (more) return ok();
  // No snapshot has seen an entry that was assigned after this.
  end_ = engine_.journal().marks().assigned;
  now_ = phase::flushing;
  engine_.flusher().when_durable(end_, [durable = durable_](lsn_t) { *durable = true; });
  return ok();
}

result<void> collection_copy::catch_up(std::size_t bytes_max) {
  std::vector<effect> changes;
  std::size_t bytes = 0;
  bool ended = false;
  bool reshaped = false;
  if (next_ <= end_)
    THESPIS_CHECK(engine_.journal().read(next_, [&](journal_entry&& entry) {
      if (entry.lsn > end_ || bytes >= bytes_max) return false;
      next_ = entry.lsn + 1;
      for (auto& change : entry.body) {
        // Entries of others cost time too.
        bytes += bytes_of(change.effect);
        if (change.collection != source_meta_.id) continue;
        reshaped = reshaped || changes_vectors(change.effect, source_meta_.spec);
        if (concerns_no_point(change.effect)) continue;
        ended = ended || ends_collection(change.effect);
        if (!ended) changes.push_back(std::move(change.effect));
      }
      return !ended && !reshaped;
    }));
  if (reshaped)
    return error(errc::conflict, "collection '" + source_meta_.name +
                                     "': its vectors were changed while it was copied");
  if (ended)
    return error(errc::conflict, "collection '" + source_meta_.name +
                                     "': it was emptied or dropped while it was copied");
  THESPIS_CHECK(apply(changes));
  if (next_ <= end_) return ok();
  now_ = phase::whole;
  target_->idle();
  THESPIS_FAIL_POINT("copy.caught_up");
  return ok();
}

result<void> collection_copy::apply(std::vector<effect>& changes) {
  if (changes.empty()) return ok();
  THESPIS_TRY([[maybe_unused]] const auto applied, target_->apply(changes));
  return ok();
}

}  // namespace thespis::storage
