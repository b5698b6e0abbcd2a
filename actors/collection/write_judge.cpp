// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/write_judge.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/payload_edit.hpp"

namespace thespis::actors {

namespace {

void replace_vectors(std::vector<named_vector>& vectors, std::vector<named_vector>&& more) {
  for (auto& vector : more) {
    const auto where = std::lower_bound(
        vectors.begin(), vectors.end(), vector.name,
        [](const named_vector& one, const std::string& name) { return one.name < name; });
    if (where != vectors.end() && where->name == vector.name)
      *where = std::move(vector);
    else
      vectors.insert(where, std::move(vector));
  }
}

}  // namespace

std::string write_judge::name(const point_id& id) const {
  return "collection '" + meta_.name + "': point " + id.text();
}

result<point_draft*> write_judge::find(const point_id& id, const expected_versions& expected,
                                       std::size_t position) {
  THESPIS_TRY(auto* const found, drafts_.find(id));
  if (position >= expected.size() || !expected[position]) return found;
  const auto wanted = *expected[position];
  const auto stored = found->former ? found->former->lsn : 0;
  if (wanted == stored) return found;
  return error(errc::conflict, name(id) +
                                   (stored == 0 ? std::string(" does not exist")
                                                : " has version " + std::to_string(stored)) +
                                   ", expected " +
                                   (wanted == 0 ? std::string("that it does not exist")
                                                : "version " + std::to_string(wanted)));
}

result<point_draft*> write_judge::find_existing(const point_id& id,
                                                const expected_versions& expected,
                                                std::size_t position) {
  THESPIS_TRY(auto* const found, find(id, expected, position));
  if (!found->exists) return error(errc::not_found, name(id) + " does not exist");
  return found;
}

void write_judge::count(point_draft& touched) noexcept {
  if (std::exchange(touched.counted_by, operation_) != operation_) ++counted_;
}

result<std::uint64_t> write_judge::take(write_operation&& operation) {
  ++operation_;
  counted_ = 0;
  THESPIS_CHECK(std::visit([this](auto& request) { return judge(request); }, operation));
  return counted_;
}

result<void> write_judge::judge(upsert_request& request) {
  std::unordered_map<point_id, std::size_t> last;
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    THESPIS_CHECK(check_(request.points[i]));
    last[request.points[i].id] = i;
  }
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    auto& wanted = request.points[i];
    THESPIS_TRY(auto* const found, find(wanted.id, request.if_versions, i));
    if (last[wanted.id] != i) continue;
    if (request.mode == (found->exists ? update_mode::insert_only : update_mode::update_only))
      continue;
    if (found->exists && request.update_filter) {
      THESPIS_TRY(const bool good, selection_.passes(*request.update_filter, *found));
      if (!good) continue;
    }
    THESPIS_CHECK(drafts_.put(*found, std::move(wanted)));
    count(*found);
  }
  return ok();
}

// Turns a filter into the ids of the points that pass it now.
result<void> write_judge::resolve(point_targets& targets) {
  if (!targets.where) return ok();
  THESPIS_TRY(targets.ids, selection_.select(*targets.where));
  return ok();
}

result<void> write_judge::judge(delete_request& request) {
  THESPIS_CHECK(resolve(request));
  for (std::size_t i = 0; i < request.ids.size(); ++i) {
    THESPIS_TRY(auto* const found, find(request.ids[i], request.if_versions, i));
    if (!found->exists) continue;
    drafts_.erase(*found);
    count(*found);
  }
  return ok();
}

template <class Edit>
result<void> write_judge::edit_payloads(point_targets& targets, const Edit& edit) {
  THESPIS_CHECK(resolve(targets));
  for (std::size_t i = 0; i < targets.ids.size(); ++i) {
    const auto& id = targets.ids[i];
    THESPIS_TRY(auto* const found, find_existing(id, targets.if_versions, i));
    if (found->counted_by == operation_) continue;
    auto edited = edit(found->now());
    if (!edited) return error(edited.error().code, name(id) + ": " + edited.error().message);
    THESPIS_CHECK(drafts_.put_payload(*found, std::move(*edited)));
    count(*found);
  }
  return ok();
}

result<void> write_judge::judge(set_payload_request& request) {
  return edit_payloads(request, [&](const payload& stored) {
    return merge_payload(stored, request.payload, request.key);
  });
}

result<void> write_judge::judge(overwrite_payload_request& request) {
  return edit_payloads(request, [&](const payload& stored) {
    return replace_payload(stored, request.payload, request.key);
  });
}

result<void> write_judge::judge(delete_payload_request& request) {
  for (const auto& key : request.keys)
    if (const auto good = check_removable(key); !good)
      return error(good.error().code, "collection '" + meta_.name + "': " + good.error().message);
  return edit_payloads(request,
                       [&](const payload& stored) { return remove_keys(stored, request.keys); });
}

result<void> write_judge::judge(clear_payload_request& request) {
  return edit_payloads(request, [](const payload&) { return result<payload>(payload()); });
}

result<void> write_judge::judge(update_vectors_request& request) {
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    auto& wanted = request.points[i];
    THESPIS_CHECK(check_(wanted));
    THESPIS_TRY(auto* const found, find_existing(wanted.id, request.if_versions, i));
    if (request.update_filter) {
      THESPIS_TRY(const bool good, selection_.passes(*request.update_filter, *found));
      if (!good) continue;
    }
    THESPIS_TRY(auto* const vectors, drafts_.edit_vectors(*found));
    replace_vectors(*vectors, std::move(wanted.vectors));
    count(*found);
  }
  return ok();
}

result<void> write_judge::judge(delete_vectors_request& request) {
  for (const auto& vector : request.names)
    if (meta_.spec.find(vector) == nullptr && meta_.spec.find_sparse(vector) == nullptr)
      return error(errc::invalid_argument, "collection '" + meta_.name + "': it has no vector '" +
                                               vector + "' that could be deleted");
  THESPIS_CHECK(resolve(request));
  for (std::size_t i = 0; i < request.ids.size(); ++i) {
    THESPIS_TRY(auto* const found, find_existing(request.ids[i], request.if_versions, i));
    THESPIS_TRY(auto* const vectors, drafts_.edit_vectors(*found));
    std::erase_if(*vectors, [&](const named_vector& one) {
      return std::find(request.names.begin(), request.names.end(), one.name) != request.names.end();
    });
    count(*found);
  }
  return ok();
}

}  // namespace thespis::actors
