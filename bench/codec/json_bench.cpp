// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What JSON costs a request: its body is decoded as the REST handlers decode it, and its answer
// written as they write it. Bodies hold numbers of 0 (pixels: integers below 256), 1 (four
// decimals) or 2 (the shortest text of a random float32, up to nine digits). Tells the last number
// of the vector that was read.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>

#include "core/limits.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/decode_query.hpp"
#include "protocols/codec/encode.hpp"

namespace thespis {
namespace {

enum numbers : std::int64_t { pixels, decimals, shortest };

constexpr std::uint32_t hits = 10;

std::string number_text(numbers form, std::mt19937& random) {
  if (form == pixels) return std::to_string(random() % 256);
  if (form == decimals) {
    const auto digits = std::to_string(random() % 10'000);
    return std::string(random() % 2 == 0 ? "0." : "-0.") + std::string(4 - digits.size(), '0') +
           digits;
  }
  std::string text;
  codec::json_writer(text).number(std::normal_distribution<float>(0, 0.1F)(random));
  return text;
}

std::string vector_text(std::int64_t dim, std::int64_t form) {
  std::mt19937 random(42);
  std::string text = "[";
  for (std::int64_t i = 0; i < dim; ++i) {
    if (i > 0) text += ',';
    text += number_text(static_cast<numbers>(form), random);
  }
  return text + "]";
}

// What stands around a result, as the REST handlers write it.
template <class Encode>
void write_answer(std::string& out, Encode encode) {
  out = "{\"result\":";
  codec::json_writer writer(out);
  encode(writer);
  out += ",\"status\":\"ok\",\"time\":0.000123}";
}

void tell(benchmark::State& state, std::size_t body_bytes, float last) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(body_bytes));
  state.counters["body_bytes"] = static_cast<double>(body_bytes);
  state.counters["last"] = static_cast<double>(last);
}

search_reply some_hits() {
  std::mt19937_64 random(7);
  search_reply reply;
  for (std::uint32_t i = 0; i < hits; ++i) {
    auto& hit = reply.hits.emplace_back();
    hit.id = point_id(random() % 1'000'000);
    hit.score = static_cast<float>(random() % 1'000'000) / 977.0F;
    hit.version = random() % 100'000;
  }
  return reply;
}

// `points/query`: decode the body, encode ten hits.
void query(benchmark::State& state) {
  const auto body = R"({"query":)" + vector_text(state.range(0), state.range(1)) +
                    R"(,"limit":10,"params":{"hnsw_ef":64}})";
  const auto reply = some_hits();
  float last = 0;
  for (auto _ : state) {
    auto request = codec::decode_query(body, limits::json_depth_max);
    if (!request) return state.SkipWithError(request.error().message.c_str());
    std::string answer;
    write_answer(answer, [&](codec::json_writer& out) {
      out.begin_object().key("points");
      codec::encode(out, reply);
      out.end_object();
    });
    benchmark::DoNotOptimize(answer.data());
    last = std::get<named_vector>(request->target).values.back();
  }
  tell(state, body.size(), last);
}

// An upsert of one point with a payload: decode the body, encode what was done.
void upsert(benchmark::State& state) {
  const auto body = R"({"points":[{"id":17,"vector":)" +
                    vector_text(state.range(0), state.range(1)) +
                    R"(,"payload":{"number":17,"word":"value"}}]})";
  float last = 0;
  for (auto _ : state) {
    auto request = codec::decode_upsert(body, limits::json_depth_max);
    if (!request) return state.SkipWithError(request.error().message.c_str());
    std::string answer;
    write_answer(answer, [&](codec::json_writer& out) {
      codec::encode(out, write_reply{4711, 1, {}}, "completed");
    });
    benchmark::DoNotOptimize(answer.data());
    last = request->points.front().vectors.front().values.back();
  }
  tell(state, body.size(), last);
}

void bodies(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"dim", "numbers"});
  for (const std::int64_t dim : {128, 784})
    for (const std::int64_t form : {pixels, decimals, shortest}) bench->Args({dim, form});
}

BENCHMARK(query)->Apply(bodies);
BENCHMARK(upsert)->Apply(bodies);

}  // namespace
}  // namespace thespis
