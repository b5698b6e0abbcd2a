// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog that knows writes by their idempotency keys.

#include <utility>

#include "actors/catalog/catalog.hpp"
#include "actors/runtime/exceptions.hpp"
#include "storage/catalog_store.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

result<storage::idempotency_store::turn> catalog_keeper::begin(const write_context& context) {
  if (context.once == nullptr) return storage::idempotency_store::turn{};
  return needs_->engine->idempotency().begin(*context.once);
}

// It was made, and perhaps dropped since.
caf::result<collection_meta> catalog_keeper::repeat_create(const std::string& collection,
                                                           const collection_spec& spec) const {
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return collection_meta{{}, collection, spec, 0};
  if (found->second.create_promise.pending())
    return to_caf(error(errc::conflict, "collection '" + collection +
                                            "': it is still being made; repeat it later"));
  return found->second.meta;
}

// The copy that the same request has begun and that it was told of; null: there is none.
catalog_keeper::copy_in_making* catalog_keeper::answered_copy(const std::string& to,
                                                              const write_context& context) {
  const auto found = entries_.find(to);
  if (context.once == nullptr || found == entries_.end()) return nullptr;
  auto* const making = found->second.copy.get();
  if (making == nullptr || !making->once || !making->answered) return nullptr;
  return *making->once == *context.once ? making : nullptr;
}

// As it was told when it was whole.
collection_copy_status catalog_keeper::copy_of_record(const std::string& to,
                                                      const storage::idempotency_record& earlier) {
  collection_copy_status status;
  status.name = to;
  status.state = copy_state::completed;
  status.points = earlier.affected;
  status.points_expected = earlier.each.empty() ? earlier.affected : earlier.each.front();
  return status;
}

// Nothing had to be done; the answer is kept and given.
caf::result<bool> catalog_keeper::keep_unchanged(storage::idempotency_claim&& once, bool answer) {
  const auto number = ++kept_count_;
  auto& due = keeping_[number];
  due = {self_->make_response_promise<bool>(), once, answer};
  const auto promise = due.promise;
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, number, once = std::move(once)]() mutable {
    auto kept = guarded([&] { return engine->catalog().keep_unchanged(once); });
    once = nullptr;  // its sender may repeat it as soon as the catalog knows
    caf::anon_send(me, kept_atom::value, number, std::make_shared<result<void>>(std::move(kept)));
  });
  return promise;
}

void catalog_keeper::on_kept(std::uint64_t number, const drop_outcome& outcome) {
  start_next_job();
  auto due = std::move(keeping_[number]);
  keeping_.erase(number);
  due.once = nullptr;
  if (*outcome)
    due.promise.deliver(due.answer);
  else
    due.promise.deliver(to_caf(outcome->error()));
  stop_if_empty();
}

caf::result<write_reply> catalog_keeper::recall(const idempotency& asked) {
  const auto turn = needs_->engine->idempotency().begin(asked);
  if (!turn) return to_caf(turn.error());
  const auto& earlier = turn->earlier;
  if (!earlier)
    return to_caf(error(errc::not_found, "Idempotency-Key '" + asked.key + "': unused"));
  if (earlier->lsn > needs_->engine->journal().marks().durable)
    return to_caf(error(errc::conflict, "Idempotency-Key '" + asked.key +
                                            "': the first request with it is not durable yet; "
                                            "repeat it later"));
  return write_reply{earlier->lsn, earlier->affected, earlier->each};
}

}  // namespace thespis::actors
