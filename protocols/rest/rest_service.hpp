// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <vector>

#include "protocols/http/handler.hpp"
#include "protocols/rest/engine_client.hpp"
#include "protocols/rest/rest_options.hpp"

namespace thespis::rest {

/// The REST interface: routes, handlers, metrics and the access log over one engine.
/// Log lines: one per exchange, `debug` for success, `info` for refusals, `warn` for failures.
/// Thread: any.
class rest_service final : public http::handler {
 public:
  /// `options.metrics` must be set; requests and their latencies are counted there.
  rest_service(std::shared_ptr<engine_client> engine, rest_options options);

  [[nodiscard]] http::admission admit(http::request& incoming, http::response& answer) override;
  [[nodiscard]] boost::asio::awaitable<void> handle(http::request& incoming,
                                                    http::response& answer) override;
  void refuse(unsigned status, std::string_view message, http::response& answer) override;
  void finished(const http::exchange& done) noexcept override;

 private:
  // Requests of one route: by first digit of the status, and how long they took.
  struct route_numbers {
    metrics::counter succeeded;
    metrics::counter refused;
    metrics::counter failed;
    metrics::histogram seconds;
  };

  [[nodiscard]] route_numbers make_numbers(const std::string& name, const std::string& method);

  std::shared_ptr<engine_client> engine_;
  rest_options options_;
  std::vector<route_numbers> numbers_;  // one per route, and one for requests without
  metrics::counter bytes_in_;
  metrics::counter bytes_out_;
};

}  // namespace thespis::rest
