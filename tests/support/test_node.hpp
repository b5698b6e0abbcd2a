// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <caf/all.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "actors/api/catalog_api.hpp"
#include "actors/api/failure.hpp"
#include "apps/node/node.hpp"
#include "core/log.hpp"
#include "tests/support/catch.hpp"

namespace thespis::tests {

/// The engine over a folder, asked from the test's thread. Without plugin folders: the built-ins.
class test_node {
 public:
  explicit test_node(const std::filesystem::path& data_dir,
                     std::vector<std::filesystem::path> plugin_folders = {}) {
    log::set_level(log::level::off);
    config::settings settings;
    settings.storage.data_dir = data_dir;
    settings.plugins.folders = std::move(plugin_folders);
    settings.runtime.pool_threads = 2;
    settings.runtime.builder_threads = 2;
    auto started = apps::node::start(settings);
    REQUIRE(started);
    node_ = std::move(*started);
  }

  /// Sends a message and waits for the answer.
  template <class Reply, class Handle, class... Parts>
  result<Reply> ask(const Handle& to, Parts&&... parts) {
    caf::scoped_actor asker(node_->runtime().system());
    result<Reply> outcome = error(errc::internal, "no answer");
    asker->request(to, std::chrono::seconds(60), std::forward<Parts>(parts)...)
        .receive([&](const Reply& reply) { outcome = reply; },
                 [&](const caf::error& failure) { outcome = actors::from_caf(failure); });
    return outcome;
  }

  result<collection_meta> create(const std::string& name, const collection_spec& spec) {
    return ask<collection_meta>(node_->catalog(), actors::create_atom::value, name, spec,
                                write_context{});
  }

  result<bool> drop(const std::string& name) {
    return ask<bool>(node_->catalog(), actors::drop_atom::value, name, write_context{});
  }

  result<actors::shared<actors::collection_handles>> find(const std::string& name) {
    return ask<actors::shared<actors::collection_handles>>(node_->catalog(),
                                                           actors::find_atom::value, name);
  }

  /// The handles of a collection that must come to serve.
  actors::shared<actors::collection_handles> serving(const std::string& name) {
    for (int tenth = 0; tenth < 300; ++tenth) {
      auto found = find(name);
      if (found) return *found;
      REQUIRE(found.error().code == errc::unavailable);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL("collection '" << name << "' does not come to serve");
    return nullptr;
  }

  result<write_reply> upsert(const std::string& name, std::vector<point> points) {
    return ask<write_reply>(serving(name)->writer, upsert_request{std::move(points)},
                            write_context{});
  }

  result<write_reply> remove(const std::string& name, std::vector<point_id> ids) {
    return ask<write_reply>(serving(name)->writer, delete_request{std::move(ids)}, write_context{});
  }

  result<search_reply> search(const std::string& name, search_request wanted) {
    auto reply = ask<actors::shared<search_reply>>(
        serving(name)->reader,
        actors::shared<search_request>(std::make_shared<search_request>(std::move(wanted))));
    if (!reply) return reply.error();
    return **reply;
  }

  collection_info info(const std::string& name) {
    auto reply = ask<collection_info>(serving(name)->writer, actors::info_atom::value);
    REQUIRE(reply);
    return *reply;
  }

  /// Waits until no slot is left to index.
  collection_info indexed(const std::string& name) {
    for (int tenth = 0; tenth < 600; ++tenth) {
      auto now = info(name);
      if (now.status == collection_status::green) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL("the index of '" << name << "' does not catch up");
    return {};
  }

  [[nodiscard]] apps::node& node() noexcept { return *node_; }

 private:
  std::unique_ptr<apps::node> node_;
};

}  // namespace thespis::tests
