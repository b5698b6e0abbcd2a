// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/reader.hpp"

#include "actors/query/read.hpp"
#include "actors/query/search.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

namespace {

/// Vectors that one core compares in about 5 ms.
constexpr std::uint64_t short_scan_bytes = 40u << 20;
/// Points that storage reads in about 5 ms.
constexpr std::size_t short_read_points = 1000;

bool is_long_search(const view& source, const search_request& request) {
  return estimate_bytes(source, request) > short_scan_bytes;
}

result<search_batch_reply> search_batch(const view& source, const search_batch_request& request) {
  search_batch_reply reply;
  reply.replies.reserve(request.searches.size());
  for (std::size_t i = 0; i < request.searches.size(); ++i) {
    auto one = search(source, request.searches[i]);
    if (!one) {
      auto failure = one.error();
      failure.message = "searches[" + std::to_string(i) + "]: " + failure.message;
      return failure;
    }
    reply.replies.push_back(std::move(*one));
  }
  return reply;
}

/// A graph walk stands for this many bytes when the searches of a batch are added up.
constexpr std::uint64_t walk_bytes = 1u << 20;

bool is_long_batch(const view& source, const search_batch_request& request) {
  std::uint64_t bytes = 0;
  for (const auto& one : request.searches) bytes += walk_bytes + estimate_bytes(source, one);
  return bytes > short_scan_bytes;
}

bool is_long_retrieve(const view&, const retrieve_request& request) {
  return request.ids.size() > short_read_points;
}

bool is_long_scroll(const view&, const scroll_request& request) {
  return request.limit > short_read_points;
}

using reader_pointer = reader_internal::stateful_pointer<reader_state>;

caf::error unavailable(const reader_pointer& self, const char* why) {
  return to_caf(error(errc::unavailable, "collection '" + self->state.collection + "': " + why));
}

std::uint64_t cost_of(const search_batch_request& batch) { return batch.searches.size(); }
template <class Request>
std::uint64_t cost_of(const Request&) {
  return 1;
}

result<void> check_rules(const std::optional<strict_mode>& rules, const scroll_request& request) {
  return check_rule(rules, &strict_mode::max_query_limit, "limit", request.limit);
}
result<void> check_rules(const std::optional<strict_mode>&, const retrieve_request&) {
  return ok();
}

// Takes `reads` from what strict mode allows a minute.
result<void> pace(const reader_pointer& self, const std::optional<strict_mode>& rules,
                  std::uint64_t reads) {
  if (!rules || !rules->holds() || !rules->read_rate_limit) return ok();
  const auto most = *rules->read_rate_limit;
  const auto wait_s = self->state.rate.take(most, reads, steady_time_ns());
  if (wait_s == 0) return ok();
  return error(errc::rate_limited,
               "strict mode: " + std::to_string(reads) + " more reads are over read_rate_limit, " +
                   std::to_string(most) + " a minute; retry in " + std::to_string(wait_s) + " s");
}

// Why strict mode refuses; none if it does not.
caf::error refused(const reader_pointer& self, const result<void>& judged) {
  if (judged) return {};
  return to_caf(error(judged.error().code,
                      "collection '" + self->state.collection + "': " + judged.error().message));
}

/// Hands a request and the latest view to a new searcher, which answers in our place.
template <class Reply, class Request>
caf::result<shared<Reply>> hand_over(reader_pointer self, const dependencies_ptr& dependencies,
                                     search_task<Request, Reply> task,
                                     const shared<Request>& request) {
  if (!self->state.latest) return unavailable(self, "it is being loaded");
  const auto& rules = self->state.latest->meta->spec.strict;
  if (auto why = refused(self, check_rules(rules, *request))) return why;
  if (auto why = refused(self, pace(self, rules, cost_of(*request)))) return why;
  if (self->state.running->load(std::memory_order_relaxed) >= limits::searches_running_max)
    return unavailable(self, "too many searches are running");
  self->state.running->fetch_add(1, std::memory_order_relaxed);
  auto worker = self->template spawn<caf::lazy_init>(searcher<Request, Reply>, task,
                                                     self->state.running, dependencies->builders);
  return self->delegate(worker, self->state.latest, request);
}

}  // namespace

reader_internal::behavior_type reader(reader_pointer self, std::string collection,
                                      dependencies_ptr needs) {
  self->state.collection = std::move(collection);
  end_on_exception(self, "reader of '" + self->state.collection + "'");
  return {[self, needs](const shared<search_request>& request) {
            return hand_over<search_reply>(
                self, needs, search_task<search_request, search_reply>{search, is_long_search},
                request);
          },
          [self, needs](const shared<search_batch_request>& request) {
            return hand_over<search_batch_reply>(
                self, needs,
                search_task<search_batch_request, search_batch_reply>{search_batch, is_long_batch},
                request);
          },
          [self, needs](const shared<retrieve_request>& request) {
            return hand_over<retrieve_reply>(
                self, needs,
                search_task<retrieve_request, retrieve_reply>{retrieve, is_long_retrieve}, request);
          },
          [self, needs](const shared<scroll_request>& request) {
            return hand_over<scroll_reply>(
                self, needs, search_task<scroll_request, scroll_reply>{scroll, is_long_scroll},
                request);
          },
          [self](count_atom) -> caf::result<std::uint64_t> {
            if (!self->state.latest) return unavailable(self, "it is being loaded");
            const auto& rules = self->state.latest->meta->spec.strict;
            if (auto why = refused(self, pace(self, rules, 1))) return why;
            return self->state.latest->points;
          },
          [self](exists_atom, const point_id& id) -> caf::result<bool> {
            if (!self->state.latest) return unavailable(self, "it is being loaded");
            const auto& rules = self->state.latest->meta->spec.strict;
            if (auto why = refused(self, pace(self, rules, 1))) return why;
            const auto found = exists(*self->state.latest, id);
            if (!found) return to_caf(found.error());
            return *found;
          },
          [self](view_atom, const view_ptr& latest) { self->state.latest = latest; },
          [self](rename_atom, const std::string& name) { self->state.collection = name; },
          [self](latest_atom) -> caf::result<view_ptr> {
            if (!self->state.latest) return unavailable(self, "it is being loaded");
            return self->state.latest;
          }};
}

}  // namespace thespis::actors
