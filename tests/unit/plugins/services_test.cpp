// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/services.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

result<thespis_object> no_compute(const std::string& name) {
  return error(errc::not_found, "no compute plugin '" + name + "'");
}

result<thespis_object> no_quantizer(const std::string& name, const void* /*params*/) {
  return error(errc::not_found, "no quantizer plugin '" + name + "'");
}

}  // namespace

TEST_CASE("plugins get zeroed memory with the alignment that they ask for") {
  const services host({}, no_compute, no_quantizer);
  const auto& table = host.table();
  for (const std::size_t alignment : {1u, 8u, 64u, 4096u})
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, std::size_t{5} << 20}) {
      auto* memory = static_cast<unsigned char*>(table.allocate(table.context, bytes, alignment));
      REQUIRE(memory != nullptr);
      CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignment == 0);
      CHECK(std::all_of(memory, memory + bytes, [](unsigned char byte) { return byte == 0; }));
      std::fill(memory, memory + bytes, 0xEE);
      table.release(table.context, memory, bytes, alignment);
    }
  table.release(table.context, nullptr, 0, 8);
}

TEST_CASE("impossible requests for memory give none") {
  const services host({}, no_compute, no_quantizer);
  const auto& table = host.table();
  CHECK(table.allocate(table.context, 0, 8) == nullptr);
  CHECK(table.allocate(table.context, 8, 3) == nullptr);
  CHECK(table.allocate(table.context, SIZE_MAX, 64) == nullptr);
}

TEST_CASE("parallel_for calls its body once for each item") {
  const services host({}, no_compute, no_quantizer);
  const auto& table = host.table();
  for (const std::size_t count : {0u, 1u, 7u, 1000u}) {
    std::vector<std::atomic<int>> calls(count);
    table.parallel_for(
        table.context, count,
        [](void* state, std::size_t item) {
          (*static_cast<std::vector<std::atomic<int>>*>(state))[item].fetch_add(1);
        },
        &calls);
    for (const auto& once : calls) CHECK(once == 1);
  }
}

TEST_CASE("a plugin's log lines arrive whole, and a sink that throws does no harm") {
  std::string seen;
  const services host(
      [&](std::uint32_t level, std::string_view line) {
        if (line == "throw") throw std::runtime_error("full");
        seen += std::to_string(level) + std::string(line);
      },
      no_compute, no_quantizer);
  const auto& table = host.table();
  table.log(table.context, THESPIS_LOG_WARN, "hello", 5);
  table.log(table.context, THESPIS_LOG_WARN, "throw", 5);
  table.log(table.context, THESPIS_LOG_ERROR, nullptr, 5);
  CHECK(seen == "3hello");
}

TEST_CASE("a compute back end that is not there is not found, with a reason") {
  const services host({}, no_compute, no_quantizer);
  const auto& table = host.table();
  thespis_object found{};
  thespis_failure failure{};
  CHECK(table.compute(table.context, "gpu", &found, &failure) == THESPIS_NOT_FOUND);
  CHECK_THAT(failure.message, Catch::Contains("gpu"));
  CHECK(table.compute(table.context, nullptr, &found, &failure) == THESPIS_NOT_FOUND);
  CHECK(found.self == nullptr);
}
