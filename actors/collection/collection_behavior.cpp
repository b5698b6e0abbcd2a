// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/collection.hpp"

namespace thespis::actors {

collection_internal::behavior_type collection(collection_writer::pointer self,
                                              dependencies_ptr needs, reader_internal reader,
                                              std::shared_ptr<storage::collection_store> store) {
  self->state.start(self, std::move(needs), std::move(reader), std::move(store));
  auto& state = self->state;
  return {
      [&state](upsert_request& request, const write_context& context) {
        return state.write(write_operation(std::move(request)), context);
      },
      [&state](delete_request& request, const write_context& context) {
        return state.write(write_operation(std::move(request)), context);
      },
      [&state](write_operation& operation, const write_context& context) {
        return state.write(std::move(operation), context);
      },
      [&state](batch_request& batch, const write_context& context) {
        return state.write(std::move(batch), context);
      },
      [&state](operation_atom, lsn_t id) { return state.operation(id); },
      [&state](info_atom) { return state.info(); },
      [&state](check_atom) { return state.check(); },
      [&state](stop_atom) { return state.stop(true); },
      [&state](load_atom, const load_progress_ptr& progress) { return state.load(progress); },
      [&state](pause_atom) { return state.pause(); },
      [&state](resume_atom, const new_tables_ptr& tables) { return state.resume(*tables); },
      [&state](rename_atom, const std::string& name) { state.rename(name); },
      [&state](alter_atom, const collection_spec& spec) { return state.alter(spec); },
      [&state](drop_atom) { return state.stop(false); },
      [&state](loaded_atom, const load_outcome& outcome) { state.finish_load(outcome); },
      [&state](durable_atom, lsn_t durable) { state.on_durable(durable); },
      [&state](sliced_atom, std::uint32_t build, slot_range slice, std::uint64_t inserted,
               const job_failure& failure) { state.on_sliced(build, slice, inserted, failure); },
      [&state](saved_atom, const std::string& vector, slot_t end, const job_failure& failure) {
        state.on_saved(vector, end, failure);
      },
      [&state](based_atom, lsn_t lsn, const job_failure& failure) { state.on_based(lsn, failure); },
      [&state](ordered_atom, std::uint32_t vector, std::uint64_t dead,
               const order_outcome& outcome) { state.on_ordered(vector, dead, outcome); },
      [&state](told_atom, std::uint64_t number, const operation_outcome& outcome) {
        state.on_told(number, outcome);
      },
      [&state](damage_atom, const std::string& what) { state.on_damage(what); },
      [&state](tick_atom) { state.on_tick(); }};
}

}  // namespace thespis::actors
