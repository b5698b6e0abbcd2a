// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/catalog/catalog.hpp"
#include "storage/catalog_store.hpp"

namespace thespis::actors {

namespace {

catalog_internal::behavior_type catalog(catalog_keeper::pointer self, dependencies_ptr needs,
                                        const std::vector<collection_meta>& known,
                                        const std::vector<collection_alias>& aliases) {
  self->state.start(self, std::move(needs), known, aliases);
  auto& state = self->state;
  return {
      [&state](create_atom, const std::string& collection, const collection_spec& spec,
               const write_context& context) { return state.create(collection, spec, context); },
      [&state](drop_atom, const std::string& collection, const write_context& context) {
        return state.drop(collection, context);
      },
      [&state](alter_atom, const std::string& collection, const shared<collection_change>& change,
               const write_context& context) { return state.alter(collection, change, context); },
      [&state](alias_atom, const std::vector<alias_action>& actions, const write_context& context) {
        return state.change_aliases(actions, context);
      },
      [&state](aliases_atom, const std::string& collection) { return state.aliases(collection); },
      [&state](rename_atom, const std::string& collection, const std::string& new_name,
               const write_context& context) {
        return state.rename(collection, new_name, context);
      },
      [&state](truncate_atom, const std::string& collection, const write_context& context) {
        return state.truncate(collection, context);
      },
      [&state](copy_atom, const std::string& from, const std::string& to,
               const write_context& context) { return state.copy(from, to, context); },
      [&state](copies_atom, const std::string& collection) { return state.copies(collection); },
      [&state](recall_atom, const idempotency& asked) { return state.recall(asked); },
      [&state](list_atom) { return state.list(); },
      [&state](find_atom, const std::string& collection) { return state.find(collection); },
      [&state](info_atom, const std::string& collection) { return state.absent_info(collection); },
      [&state](retry_atom, const std::string& collection) { return state.retry(collection); },
      [&state](ready_atom) { return state.progress(); },
      [&state](check_atom) { return state.check(); },
      [&state](health_atom) { return state.health(); },
      [&state](stop_atom) { return state.stop(); },
      [&state](opened_atom, const std::string& collection, const open_outcome& outcome) {
        state.on_opened(collection, outcome);
      },
      [&state](created_atom, const std::string& collection, const create_outcome& outcome) {
        state.on_created(collection, outcome);
      },
      [&state](altered_atom, const uuid& id, const alter_outcome& outcome) {
        state.on_altered(id, outcome);
      },
      [&state](dropped_atom, const std::string& collection, const drop_outcome& outcome) {
        state.on_dropped(collection, outcome);
      },
      [&state](aliased_atom, const alias_outcome& outcome) { state.on_aliased(outcome); },
      [&state](renamed_atom, const std::string& collection, const std::string& new_name,
               const drop_outcome& outcome) { state.on_renamed(collection, new_name, outcome); },
      [&state](emptied_atom, const std::string& collection, const truncate_outcome& outcome) {
        state.on_emptied(collection, outcome);
      },
      [&state](begun_atom, const std::string& to, const begin_outcome& outcome) {
        state.on_begun(to, outcome);
      },
      [&state](copied_atom, const std::string& to, const copy_outcome& outcome) {
        state.on_copied(to, outcome);
      },
      [&state](waited_atom, const std::string& to) { state.on_waited(to); },
      [&state](undone_atom, const std::string& to) { state.on_undone(to); },
      [&state](kept_atom, std::uint64_t number, const drop_outcome& outcome) {
        state.on_kept(number, outcome);
      },
      [&state](restart_atom, const std::string& collection) { state.restart(collection); }};
}

}  // namespace

result<catalog_actor> spawn_catalog(caf::actor_system& system, dependencies_ptr needs) {
  THESPIS_TRY(auto known, needs->engine->catalog().list());
  THESPIS_TRY(auto aliases, needs->engine->catalog().aliases());
  return catalog_actor(
      system.spawn(catalog, std::move(needs), std::move(known), std::move(aliases)));
}

}  // namespace thespis::actors
