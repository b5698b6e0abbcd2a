// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>

#include "actors/runtime/runtime.hpp"
#include "protocols/http/server.hpp"
#include "protocols/rest/actor_engine.hpp"
#include "protocols/rest/rest_service.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/http_client.hpp"

namespace thespis::tests {

/// A server on a free port over the engine in memory.
class rest_fixture {
 public:
  explicit rest_fixture(config::server settings = {}, config::security security = {}) {
    config::runtime threads;
    threads.pool_threads = 2;
    threads.builder_threads = 1;
    auto started = actors::runtime::start(threads);
    REQUIRE(started);
    runtime = std::move(*started);
    catalog = spawn_fake_catalog(runtime->system());
    port = std::make_unique<bridge::reply_port>(runtime->io(), runtime->system());
    rest::rest_options options;
    options.build = {"0.1.0", "abc", "test"};
    options.json_depth_max = settings.json_depth_max;
    options.metrics = std::make_shared<metrics::registry>();
    service = std::make_shared<rest::rest_service>(rest::make_actor_engine(catalog, *port),
                                                   std::move(options));
    settings.listen = "127.0.0.1:0";
    auto listening = http::server::start(runtime->io(), settings, security, service);
    REQUIRE(listening);
    server = std::move(*listening);
  }

  ~rest_fixture() {
    (void)server->drain(std::chrono::steady_clock::now() + std::chrono::seconds(2));
    server.reset();
    caf::anon_send(catalog, actors::stop_atom::value);
    catalog = nullptr;
    port->close();
    (void)runtime->stop(std::chrono::seconds(5));
    service.reset();
  }

  /// A fresh connection.
  [[nodiscard]] http_client connect() const { return http_client(server->port()); }

  /// One request with a JSON body on a connection of its own.
  [[nodiscard]] http_answer ask(std::string_view method, std::string_view target,
                                std::string_view body = {}) const {
    http_client client(server->port());
    return client.ask(method, target, body,
                      body.empty() ? "" : "Content-Type: application/json\r\n");
  }

  /// A collection of two dimensions with three points.
  void fill(const std::string& name = "dots") const {
    REQUIRE(ask("PUT", "/collections/" + name, R"({"vectors":{"size":2,"distance":"Euclid"}})")
                .status == 200);
    REQUIRE(ask("PUT", "/collections/" + name + "/points?wait=true",
                R"({"points":[{"id":1,"vector":[0,0],"payload":{"n":"one"}},
                               {"id":2,"vector":[3,4]},
                               {"id":"red","vector":[1,0],"payload":{"n":"three"}}]})")
                .status == 200);
  }

  std::unique_ptr<actors::runtime> runtime;
  actors::catalog_actor catalog;
  std::unique_ptr<bridge::reply_port> port;
  std::shared_ptr<rest::rest_service> service;
  std::unique_ptr<http::server> server;
};

/// True if `text` contains `part`.
inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace thespis::tests
