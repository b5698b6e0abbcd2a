// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/support/fake_engine.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <cmath>
#include <map>
#include <mutex>

#include "actors/api/failure.hpp"
#include "core/payload_edit.hpp"

namespace thespis::tests {

namespace {

// One collection in memory, shared by its writer and its reader.
struct table {
  std::mutex mutex;
  collection_meta meta;
  std::map<point_id, std::pair<point, lsn_t>> rows;
  lsn_t lsn = 0;
  std::map<std::string, std::pair<fingerprint, write_reply>> keys;
};
using table_ptr = std::shared_ptr<table>;

float rank(distance metric, const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, squared = 0, absolute = 0, norm_a = 0, norm_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    squared += (a[i] - b[i]) * (a[i] - b[i]);
    absolute += std::abs(a[i] - b[i]);
    norm_a += a[i] * a[i];
    norm_b += b[i] * b[i];
  }
  switch (metric) {
    case distance::dot: return static_cast<float>(-dot);
    case distance::euclid: return static_cast<float>(squared);
    case distance::manhattan: return static_cast<float>(absolute);
    case distance::cosine: break;
  }
  const auto norm = std::sqrt(norm_a * norm_b);
  return norm == 0 ? 0 : static_cast<float>(-dot / norm);
}

result<void> check(const table& in, const point& one) {
  for (const auto& vector : one.vectors) {
    const auto* spec = in.meta.spec.find(vector.name);
    if (spec == nullptr)
      return error(errc::invalid_argument,
                   "collection '" + in.meta.name + "': no vector '" + vector.name + "'");
    if (vector.values.size() != spec->size)
      return error(errc::dimension_mismatch, "collection '" + in.meta.name + "': vector has " +
                                                 std::to_string(vector.values.size()) +
                                                 " dimensions, expected " +
                                                 std::to_string(spec->size));
  }
  return ok();
}

scored_point select(const point& from, lsn_t version, const payload_selector& payload,
                    const vector_selector& vectors) {
  scored_point out;
  out.id = from.id;
  out.version = version;
  if (payload.enabled) out.payload = from.payload;
  if (vectors.enabled) out.vectors = from.vectors;
  return out;
}

result<search_reply> search(table& in, const search_request& request) {
  const std::lock_guard lock(in.mutex);
  const auto* spec = in.meta.spec.find(request.vector_name);
  if (spec == nullptr) return error(errc::not_found, "no vector '" + request.vector_name + "'");
  const auto* id = std::get_if<point_id>(&request.target);
  const auto* query = std::get_if<named_vector>(&request.target);
  if (id != nullptr) {
    const auto found = in.rows.find(*id);
    if (found == in.rows.end()) return error(errc::not_found, "no point " + id->text());
    query = find_vector(found->second.first.vectors, request.vector_name);
  }
  if (query->values.size() != spec->size)
    return error(errc::dimension_mismatch, "collection '" + in.meta.name + "': vector has " +
                                               std::to_string(query->values.size()) +
                                               " dimensions, expected " +
                                               std::to_string(spec->size));
  std::vector<std::pair<float, const std::pair<point, lsn_t>*>> order;
  for (const auto& [key, row] : in.rows) {
    if (id != nullptr && key == *id) continue;
    const auto* other = find_vector(row.first.vectors, request.vector_name);
    if (other != nullptr)
      order.emplace_back(rank(spec->metric, query->values, other->values), &row);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  search_reply out;
  for (std::size_t i = request.offset; i < order.size() && out.hits.size() < request.limit; ++i) {
    auto hit = select(order[i].second->first, order[i].second->second, request.with_payload,
                      request.with_vector);
    hit.score = score_of_rank(spec->metric, order[i].first);
    out.hits.push_back(std::move(hit));
  }
  return out;
}

struct point_change {
  table& in;
  std::uint64_t affected = 0;

  result<void> operator()(const upsert_request& request) {
    for (const auto& one : request.points) {
      if (const auto good = check(in, one); !good) return good.error();
      in.rows[one.id] = {one, in.lsn};
      ++affected;
    }
    return ok();
  }
  result<void> operator()(const delete_request& request) {
    for (const auto& id : request.ids) affected += in.rows.erase(id);
    return ok();
  }
  result<void> operator()(const set_payload_request& request) {
    return each(request, [&](point& one) { return merge(one, request); });
  }
  result<void> operator()(const overwrite_payload_request& request) {
    return each(request, [&](point& one) {
      one.payload = request.payload;
      return ok();
    });
  }
  result<void> operator()(const delete_payload_request& request) {
    return each(request, [&](point& one) -> result<void> {
      THESPIS_TRY(one.payload, remove_keys(one.payload, request.keys));
      return ok();
    });
  }
  result<void> operator()(const clear_payload_request& request) {
    return each(request, [](point& one) {
      one.payload = {};
      return ok();
    });
  }
  result<void> operator()(const update_vectors_request& request) {
    for (const auto& one : request.points) {
      point_targets only;
      only.ids = {one.id};
      THESPIS_CHECK(check(in, one));
      THESPIS_CHECK(each(only, [&](point& old) {
        old.vectors = one.vectors;
        return ok();
      }));
    }
    return ok();
  }
  result<void> operator()(const delete_vectors_request& request) {
    return each(request, [](point& one) {
      one.vectors.clear();
      return ok();
    });
  }

 private:
  template <class Edit>
  result<void> each(const point_targets& targets, const Edit& edit) {
    for (const auto& id : targets.ids) {
      const auto found = in.rows.find(id);
      if (found == in.rows.end()) return error(errc::not_found, "no point " + id.text());
      THESPIS_CHECK(edit(found->second.first));
      found->second.second = in.lsn;
      ++affected;
    }
    return ok();
  }
  static result<void> merge(point& one, const set_payload_request& request) {
    THESPIS_TRY(one.payload, merge_payload(one.payload, request.payload, request.key));
    return ok();
  }
};

// All or nothing; the lock is held.
result<write_reply> change(table& in, const batch_request& batch) {
  write_reply reply;
  const auto before = in.rows;
  reply.lsn = ++in.lsn;
  for (const auto& operation : batch.operations) {
    point_change one{in};
    if (const auto done = std::visit(one, operation); !done) {
      in.rows = before;
      return done.error();
    }
    reply.each.push_back(one.affected);
    reply.affected += one.affected;
  }
  return reply;
}

// Does it unless the key was used.
caf::result<write_reply> write(table& in, const batch_request& batch,
                               const write_context& context) {
  const std::lock_guard lock(in.mutex);
  if (context.once != nullptr) {
    const auto found = in.keys.find(context.once->key);
    if (found != in.keys.end() && found->second.first == context.once->request)
      return found->second.second;
    if (found != in.keys.end())
      return actors::to_caf(
          error(errc::key_reused, "Idempotency-Key '" + context.once->key + "': another request"));
  }
  const auto reply = change(in, batch);
  if (!reply) return actors::to_caf(reply.error());
  if (context.once != nullptr) in.keys[context.once->key] = {context.once->request, *reply};
  return *reply;
}

actors::collection_actor::behavior_type writer(actors::collection_actor::pointer self,
                                               table_ptr in) {
  return {
      [in](upsert_request& request, const write_context& context) {
        return write(*in, {{std::move(request)}}, context);
      },
      [in](delete_request& request, const write_context& context) {
        return write(*in, {{std::move(request)}}, context);
      },
      [in](write_operation& operation, const write_context& context) {
        return write(*in, {{std::move(operation)}}, context);
      },
      [in](const batch_request& batch, const write_context& context) {
        return write(*in, batch, context);
      },
      [in](actors::operation_atom, lsn_t id) -> caf::result<operation_state> {
        const std::lock_guard lock(in->mutex);
        if (id <= in->lsn) return operation_state{id, operation_status::completed};
        return actors::to_caf(error(errc::not_found, "no operation " + std::to_string(id)));
      },
      [in](actors::info_atom) -> caf::result<collection_info> {
        const std::lock_guard lock(in->mutex);
        collection_info info;
        info.meta = in->meta;
        info.points = in->rows.size();
        auto& index = info.indexes.emplace_back();
        index.index = "flat";
        index.indexed_slots = in->rows.size();
        index.arena_bytes = 64;
        return info;
      },
      [in](actors::check_atom) -> caf::result<index_check_reply> {
        const std::lock_guard lock(in->mutex);
        index_check_reply found;
        for (const auto& vector : in->meta.spec.vectors)
          found.indexes.push_back({vector.name, vector.index, in->rows.size(), 3, 2, 1});
        return found;
      },
      [self](actors::stop_atom) {
        self->quit();
        return true;
      },
  };
}

template <class T>
caf::result<actors::shared<T>> share(T value) {
  return actors::shared<T>(std::make_shared<const T>(std::move(value)));
}

caf::result<actors::shared<scroll_reply>> scroll(table& in, const scroll_request& request) {
  const std::lock_guard lock(in.mutex);
  scroll_reply out;
  auto row = request.offset ? in.rows.lower_bound(*request.offset) : in.rows.begin();
  for (; row != in.rows.end() && out.points.size() < request.limit; ++row)
    out.points.push_back(
        select(row->second.first, row->second.second, request.with_payload, request.with_vector));
  if (row != in.rows.end()) out.next_page_offset = row->first;
  return share(std::move(out));
}

actors::reader_actor::behavior_type reader(table_ptr in) {
  return {
      [in](const actors::shared<search_request>& request)
          -> caf::result<actors::shared<search_reply>> {
        auto found = search(*in, *request);
        if (!found) return actors::to_caf(found.error());
        return share(std::move(*found));
      },
      [in](const actors::shared<search_batch_request>& request)
          -> caf::result<actors::shared<search_batch_reply>> {
        search_batch_reply out;
        for (const auto& one : request->searches) {
          auto found = search(*in, one);
          if (!found) return actors::to_caf(found.error());
          out.replies.push_back(std::move(*found));
        }
        return share(std::move(out));
      },
      [in](const actors::shared<retrieve_request>& request)
          -> caf::result<actors::shared<retrieve_reply>> {
        const std::lock_guard lock(in->mutex);
        retrieve_reply out;
        for (const auto& id : request->ids)
          if (const auto row = in->rows.find(id); row != in->rows.end())
            out.points.push_back(select(row->second.first, row->second.second,
                                        request->with_payload, request->with_vector));
        return share(std::move(out));
      },
      [in](const actors::shared<scroll_request>& request) { return scroll(*in, *request); },
      [in](actors::count_atom) -> caf::result<std::uint64_t> {
        const std::lock_guard lock(in->mutex);
        return in->rows.size();
      },
      [in](actors::exists_atom, const point_id& id) -> caf::result<bool> {
        const std::lock_guard lock(in->mutex);
        return in->rows.count(id) > 0;
      },
  };
}

struct catalog_state {
  std::map<std::string, std::string> aliases;
  std::map<std::string, std::shared_ptr<actors::collection_handles>> collections;
  std::map<std::string, table_ptr> tables;
  std::vector<caf::typed_response_promise<actors::shared<actors::collection_handles>>> silent;
  std::vector<caf::typed_response_promise<collection_copy_status>> copying;
};

using catalog_pointer = actors::catalog_actor::stateful_pointer<catalog_state>;

error missing(const std::string& name) {
  return error(errc::not_found, "collection '" + name + "' does not exist");
}

caf::result<collection_meta> create(catalog_pointer self, const std::string& name,
                                    const collection_spec& spec) {
  auto& entry = self->state.collections[name];
  if (entry != nullptr)
    return actors::to_caf(error(errc::already_exists, "collection '" + name + "' exists"));
  auto made = std::make_shared<table>();
  self->state.tables[name] = made;
  made->meta.id = uuid::random();
  made->meta.name = name;
  made->meta.spec = spec;
  made->meta.created_us = 1'700'000'000'123'456;
  entry = std::make_shared<actors::collection_handles>();
  entry->meta = made->meta;
  entry->writer = self->spawn(writer, made);
  entry->reader = self->spawn(reader, made);
  return made->meta;
}

caf::result<bool> change_aliases(catalog_pointer self, const std::vector<alias_action>& actions) {
  for (const auto& action : actions) {
    if (action.what == alias_action::kind::create) {
      if (self->state.collections.count(action.to) == 0) return actors::to_caf(missing(action.to));
      self->state.aliases[action.alias] = action.to;
    } else if (action.what == alias_action::kind::rename) {
      self->state.aliases[action.to] = self->state.aliases[action.alias];
      self->state.aliases.erase(action.alias);
    } else {
      self->state.aliases.erase(action.alias);
    }
  }
  return true;
}

std::vector<collection_alias> aliases(catalog_pointer self, const std::string& name) {
  std::vector<collection_alias> found;
  for (const auto& [alias, target] : self->state.aliases)
    if (name.empty() || name == target) found.push_back({alias, target});
  return found;
}

// One of "silent" never ends, to see what is told of it then.
caf::result<collection_copy_status> copy(catalog_pointer self, const std::string& name,
                                         const std::string& to, bool wait) {
  if (name == "silent" && wait)
    return self->state.copying.emplace_back(self->make_response_promise<collection_copy_status>());
  if (self->state.collections.count(name) == 0) return actors::to_caf(missing(name));
  return collection_copy_status{to, wait ? copy_state::completed : copy_state::running, 3, 3, {}};
}

void stop(actors::collection_handles& handles) {
  caf::anon_send_exit(handles.writer, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(handles.reader, caf::exit_reason::user_shutdown);
}

caf::result<actors::shared<actors::collection_handles>> find(catalog_pointer self,
                                                             const std::string& name) {
  using handles = actors::shared<actors::collection_handles>;
  if (name == "silent")
    return self->state.silent.emplace_back(self->make_response_promise<handles>());
  if (name == "broken") return actors::to_caf(error(errc::io, "the disk is on fire"));
  const auto found = self->state.collections.find(name);
  if (found == self->state.collections.end()) return actors::to_caf(missing(name));
  return handles(found->second);
}

actors::shared<health_report> sound(catalog_pointer self) {
  auto report = std::make_shared<health_report>();
  report->started_us = report->finished_us = 1;
  report->share = 1;
  for (const auto& [name, handles] : self->state.collections)
    report->collections.push_back({name, {}, {}});
  return report;
}

caf::result<lsn_t> alter(catalog_pointer self, const std::string& name,
                         const collection_change& change) {
  const auto found = self->state.collections.find(name);
  if (found == self->state.collections.end()) return actors::to_caf(missing(name));
  auto& handles = *found->second;
  auto spec = altered(handles.meta.spec, change);
  if (!spec) return actors::to_caf(spec.error());
  const auto& rows = self->state.tables[name];
  const std::lock_guard lock(rows->mutex);
  rows->meta.spec = *spec;
  handles.meta.spec = std::move(*spec);
  return lsn_t{77};
}

actors::catalog_actor::behavior_type catalog(catalog_pointer self) {
  return {
      [self](actors::create_atom, const std::string& name, const collection_spec& spec,
             const write_context&) { return create(self, name, spec); },
      [self](actors::alter_atom, const std::string& name,
             const actors::shared<collection_change>& change,
             const write_context&) { return alter(self, name, *change); },
      [self](actors::drop_atom, const std::string& name,
             const write_context&) -> caf::result<bool> {
        const auto found = self->state.collections.find(name);
        if (found == self->state.collections.end()) return actors::to_caf(missing(name));
        stop(*found->second);
        self->state.collections.erase(found);
        return true;
      },
      [self](actors::alias_atom, const std::vector<alias_action>& actions, const write_context&) {
        return change_aliases(self, actions);
      },
      [self](actors::aliases_atom, const std::string& name) { return aliases(self, name); },
      [self](actors::rename_atom, const std::string& name, const std::string& new_name,
             const write_context&) -> caf::result<bool> {
        auto node = self->state.collections.extract(name);
        if (node.empty()) return actors::to_caf(missing(name));
        node.key() = new_name;
        self->state.collections.insert(std::move(node));
        return true;
      },
      [self](actors::truncate_atom, const std::string& name,
             const write_context&) -> caf::result<bool> {
        if (self->state.collections.count(name) == 0) return actors::to_caf(missing(name));
        return true;
      },
      [self](actors::copy_atom, const std::string& name, const std::string& to,
             const write_context& context) { return copy(self, name, to, context.wait); },
      [](actors::copies_atom, const std::string&) {
        return std::vector<collection_copy_status>{
            {"old", copy_state::failed, 1, 2, "the disk is on fire"},
            {"slow", copy_state::running, 5, 9, {}}};
      },
      [](actors::recall_atom, const idempotency& asked) -> caf::result<write_reply> {
        return actors::to_caf(error(errc::not_found, "no write under '" + asked.key + "'"));
      },
      [self](actors::list_atom) {
        std::vector<collection_meta> out;
        for (const auto& [name, handles] : self->state.collections) out.push_back(handles->meta);
        return out;
      },
      [self](actors::find_atom, const std::string& name) { return find(self, name); },
      [](actors::info_atom, const std::string& name) -> caf::result<collection_info> {
        return actors::to_caf(missing(name));
      },
      [](actors::retry_atom, const std::string& name) -> caf::result<bool> {
        return actors::to_caf(missing(name));
      },
      [self](actors::check_atom) { return sound(self); },
      [self](actors::health_atom) { return sound(self); },
      [self](actors::ready_atom) {
        actors::readiness now;
        now.ready = true;
        now.collections = self->state.collections.size();
        return now;
      },
      [self](actors::stop_atom) {
        for (const auto& [name, handles] : self->state.collections) stop(*handles);
        self->state.collections.clear();
        self->quit();
        return true;
      },
  };
}

}  // namespace

actors::catalog_actor spawn_fake_catalog(caf::actor_system& system) {
  return system.spawn(catalog);
}

}  // namespace thespis::tests
