// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/actor_engine.hpp"

#include <utility>

#include "protocols/bridge/ask.hpp"

namespace thespis::rest {

namespace {

using boost::asio::awaitable;

class actor_engine final : public engine_client {
 public:
  actor_engine(actors::catalog_actor catalog, bridge::reply_port& port)
      : catalog_(std::move(catalog)), port_(port) {}

  reply<engine_readiness> readiness(deadline end) override {
    auto found =
        co_await bridge::ask<actors::readiness>(port_, catalog_, end, actors::ready_atom::value);
    if (!found) co_return found.error();
    engine_readiness out;
    out.ready = found->ready;
    out.collections = found->collections;
    for (const auto& one : found->loading) out.loading.push_back({one.name, one.why, one.share});
    for (const auto& one : found->quarantined)
      out.quarantined.push_back({one.name, one.why, one.share});
    out.validating = found->validating;
    out.validated = found->validated;
    out.validation = found->validation;
    co_return out;
  }

  reply<shared<health_report>> check_health(deadline end) override {
    return bridge::ask<shared<health_report>>(port_, catalog_, end, actors::check_atom::value);
  }

  reply<shared<health_report>> health(deadline end) override {
    return bridge::ask<shared<health_report>>(port_, catalog_, end, actors::health_atom::value);
  }

  reply<bool> reopen(std::string name, deadline end) override {
    return bridge::ask<bool>(port_, catalog_, end, actors::retry_atom::value, std::move(name));
  }

  reply<bool> change_aliases(std::vector<alias_action> actions, write_context context,
                             deadline end) override {
    return bridge::ask<bool>(port_, catalog_, end, actors::alias_atom::value, std::move(actions),
                             std::move(context));
  }

  reply<std::vector<collection_alias>> aliases(std::string name, deadline end) override {
    return bridge::ask<std::vector<collection_alias>>(port_, catalog_, end,
                                                      actors::aliases_atom::value, std::move(name));
  }

  reply<bool> rename(std::string name, std::string new_name, write_context context,
                     deadline end) override {
    return bridge::ask<bool>(port_, catalog_, end, actors::rename_atom::value, std::move(name),
                             std::move(new_name), std::move(context));
  }

  reply<bool> truncate(std::string name, write_context context, deadline end) override {
    return bridge::ask<bool>(port_, catalog_, end, actors::truncate_atom::value, std::move(name),
                             std::move(context));
  }

  reply<collection_copy_status> copy(std::string name, std::string to, write_context context,
                                     deadline end) override {
    return bridge::ask<collection_copy_status>(port_, catalog_, end, actors::copy_atom::value,
                                               std::move(name), std::move(to), std::move(context));
  }

  reply<std::vector<collection_copy_status>> copies(std::string name, deadline end) override {
    return bridge::ask<std::vector<collection_copy_status>>(
        port_, catalog_, end, actors::copies_atom::value, std::move(name));
  }

  reply<std::vector<collection_meta>> list(deadline end) override {
    return bridge::ask<std::vector<collection_meta>>(port_, catalog_, end,
                                                     actors::list_atom::value);
  }

  reply<collection_meta> create(std::string name, collection_spec spec, write_context context,
                                deadline end) override {
    return bridge::ask<collection_meta>(port_, catalog_, end, actors::create_atom::value,
                                        std::move(name), std::move(spec), std::move(context));
  }

  reply<lsn_t> alter(std::string name, collection_change change, write_context context,
                     deadline end) override {
    auto shared_change = std::make_shared<const collection_change>(std::move(change));
    return bridge::ask<lsn_t>(port_, catalog_, end, actors::alter_atom::value, std::move(name),
                              actors::shared<collection_change>(std::move(shared_change)),
                              std::move(context));
  }

  reply<bool> allow_timeout(std::string name, std::uint64_t timeout_s, deadline end) override {
    auto found = co_await find(name, end);
    if (!found) co_return found.error();
    const auto allowed =
        check_rule((*found)->meta.spec.strict, &strict_mode::max_timeout, "timeout", timeout_s);
    if (allowed) co_return true;
    co_return error(allowed.error().code, "collection '" + name + "': " + allowed.error().message);
  }

  reply<bool> drop(std::string name, write_context context, deadline end) override {
    return bridge::ask<bool>(port_, catalog_, end, actors::drop_atom::value, std::move(name),
                             std::move(context));
  }

  reply<bool> exists(std::string name, deadline end) override {
    auto found = co_await find(std::move(name), end);
    if (found) co_return true;
    if (found.error().code == errc::not_found) co_return false;
    co_return found.error();
  }

  // One that is quarantined has no actor; the catalog tells what is known of it.
  reply<collection_info> info(std::string name, deadline end) override {
    auto told =
        co_await tell<collection_info>(&handles::writer, name, end, actors::info_atom::value);
    if (told || told.error().code != errc::unavailable) co_return told;
    auto known = co_await bridge::ask<collection_info>(port_, catalog_, end,
                                                       actors::info_atom::value, std::move(name));
    if (known) co_return known;
    co_return told;
  }

  reply<index_check_reply> check_indexes(std::string name, deadline end) override {
    return tell<index_check_reply>(&handles::writer, std::move(name), end,
                                   actors::check_atom::value);
  }

  reply<write_reply> upsert(std::string name, upsert_request points, write_context context,
                            deadline end) override {
    return do_write(std::move(name), std::move(points), std::move(context), end);
  }

  reply<write_reply> write(std::string name, write_operation operation, write_context context,
                           deadline end) override {
    return do_write(std::move(name), std::move(operation), std::move(context), end);
  }

  reply<write_reply> write_batch(std::string name, batch_request batch, write_context context,
                                 deadline end) override {
    return do_write(std::move(name), std::move(batch), std::move(context), end);
  }

  reply<operation_state> operation(std::string name, lsn_t id, deadline end) override {
    return tell<operation_state>(&handles::writer, std::move(name), end,
                                 actors::operation_atom::value, id);
  }

  reply<shared<search_reply>> search(std::string name, shared<search_request> request,
                                     deadline end) override {
    return read<search_reply>(std::move(name), std::move(request), end);
  }

  reply<shared<search_batch_reply>> search_batch(std::string name,
                                                 shared<search_batch_request> request,
                                                 deadline end) override {
    return read<search_batch_reply>(std::move(name), std::move(request), end);
  }

  reply<shared<retrieve_reply>> retrieve(std::string name, shared<retrieve_request> request,
                                         deadline end) override {
    return read<retrieve_reply>(std::move(name), std::move(request), end);
  }

  reply<shared<scroll_reply>> scroll(std::string name, shared<scroll_request> request,
                                     deadline end) override {
    return read<scroll_reply>(std::move(name), std::move(request), end);
  }

  reply<std::uint64_t> count(std::string name, deadline end) override {
    return tell<std::uint64_t>(&handles::reader, std::move(name), end, actors::count_atom::value);
  }

  reply<bool> has_point(std::string name, point_id id, deadline end) override {
    return tell<bool>(&handles::reader, std::move(name), end, actors::exists_atom::value,
                      std::move(id));
  }

 private:
  using handles = actors::collection_handles;

  reply<actors::shared<handles>> find(std::string name, deadline end) {
    return bridge::ask<actors::shared<handles>>(port_, catalog_, end, actors::find_atom::value,
                                                std::move(name));
  }

  // Asks one of a collection's actors. One that ended because the collection was dropped meanwhile
  // is not out of order: the collection is not there.
  template <class Reply, class Handle, class... Parts>
  reply<Reply> tell(Handle handles::*whom, std::string name, deadline end, Parts... parts) {
    auto found = co_await find(name, end);
    if (!found) co_return found.error();
    auto outcome = co_await bridge::ask<Reply>(port_, (**found).*whom, end, std::move(parts)...);
    if (outcome || outcome.error().code != errc::unavailable) co_return outcome;
    auto again = co_await find(std::move(name), end);
    if (!again && again.error().code == errc::not_found) co_return again.error();
    co_return outcome;
  }

  // A repeat gets the first answer also where the collection is gone.
  template <class Request>
  reply<write_reply> do_write(std::string name, Request request, write_context context,
                              deadline end) {
    const auto once = context.once;
    auto outcome = co_await tell<write_reply>(&handles::writer, std::move(name), end,
                                              std::move(request), std::move(context));
    if (outcome || once == nullptr || outcome.error().code != errc::not_found) co_return outcome;
    auto first =
        co_await bridge::ask<write_reply>(port_, catalog_, end, actors::recall_atom::value, *once);
    if (first || first.error().code != errc::not_found) co_return first;
    co_return outcome;
  }

  template <class Reply, class Request>
  reply<shared<Reply>> read(std::string name, shared<Request> request, deadline end) {
    return tell<shared<Reply>>(&handles::reader, std::move(name), end, std::move(request));
  }

  actors::catalog_actor catalog_;
  bridge::reply_port& port_;
};

}  // namespace

std::shared_ptr<engine_client> make_actor_engine(actors::catalog_actor catalog,
                                                 bridge::reply_port& port) {
  return std::make_shared<actor_engine>(std::move(catalog), port);
}

}  // namespace thespis::rest
