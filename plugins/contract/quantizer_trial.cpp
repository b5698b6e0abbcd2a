// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/quantizer_trial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

constexpr unsigned char untouched = 0xA5;
constexpr std::size_t line_bytes = 64;
constexpr double lean_max = 0.1;
constexpr double stretch_max = 0.15;

// Estimates that follow the ranks less closely would lead a search nowhere. One bit a component is
// to be good enough, whose error falls with the root of the dimension.
double error_max(std::uint32_t dimension) {
  constexpr double short_vectors = 1.5;
  constexpr double long_vectors = 10;
  return std::min(short_vectors, long_vectors / std::sqrt(dimension));
}

std::vector<const float*> pointers(const test_vectors& rows) {
  std::vector<const float*> list(rows.count());
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = rows.row(i).data();
  return list;
}

thespis_status append(void* context, const void* data, std::size_t bytes) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data), bytes);
  return THESPIS_OK;
}

struct source {
  const std::string& bytes;
  std::size_t at = 0;
};

thespis_status take(void* context, void* data, std::size_t bytes) {
  auto& from = *static_cast<source*>(context);
  if (bytes > from.bytes.size() - from.at) return THESPIS_IO;
  std::memcpy(data, from.bytes.data() + from.at, bytes);
  from.at += bytes;
  return THESPIS_OK;
}

}  // namespace

guarded_parts::guarded_parts(std::size_t count, std::size_t bytes, std::size_t alignment,
                             std::size_t slack)
    : bytes_(bytes), stride_((bytes + alignment) / alignment * alignment) {
  memory_.assign(count * stride_ + slack + 2 * line_bytes, untouched);
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
  first_ = memory_.data() + (line_bytes - address % line_bytes);
  if (alignment < line_bytes) first_ += alignment;
  for (std::size_t i = 0; i < count; ++i) list_.push_back(first_ + i * stride_);
}

std::string guarded_parts::text() const {
  std::string all;
  for (const void* part : list_) all.append(static_cast<const char*>(part), bytes_);
  return all;
}

result<void> guarded_parts::check() const {
  for (std::size_t i = 0; i < list_.size(); ++i) {
    const auto* end = first_ + i * stride_ + bytes_;
    const auto* next =
        i + 1 < list_.size() ? first_ + (i + 1) * stride_ : memory_.data() + memory_.size();
    if (std::any_of(end, next, [](unsigned char byte) { return byte != untouched; }))
      return broken("bytes behind the " + std::to_string(bytes_) + " of part " + std::to_string(i) +
                    " were written");
  }
  return ok();
}

void agreement::add(double estimate, double rank) {
  ++count_;
  if (!std::isfinite(estimate)) {
    ++strange_;
    return;
  }
  ranks_ += rank;
  rank_squares_ += rank * rank;
  errors_ += estimate - rank;
  error_squares_ += (estimate - rank) * (estimate - rank);
  products_ += (estimate - rank) * rank;
}

double agreement::spread() const {
  const auto n = static_cast<double>(count_);
  return std::sqrt(std::max(rank_squares_ / n - ranks_ / n * (ranks_ / n), 0.0));
}

double agreement::error() const {
  return std::sqrt(error_squares_ / static_cast<double>(count_)) / spread();
}

double agreement::lean() const { return errors_ / static_cast<double>(count_) / spread(); }

double agreement::slope() const {
  const auto n = static_cast<double>(count_);
  return 1 + (products_ / n - errors_ / n * (ranks_ / n)) / (spread() * spread());
}

result<void> agreement::judge(const std::string& of, std::uint32_t dimension) const {
  if (strange_ != 0) return broken(of + ": " + std::to_string(strange_) + " are not finite");
  if (!(error() <= error_max(dimension)))
    return broken(of + ": mean error is " + std::to_string(error()) +
                  " standard deviations of the ranks, at most " +
                  std::to_string(error_max(dimension)));
  if (!(std::abs(slope() - 1) <= stretch_max))
    return broken(of + ": estimates grow " + std::to_string(slope()) +
                  " times as fast as the ranks, between " + std::to_string(1 - stretch_max) +
                  " and " + std::to_string(1 + stretch_max) + " is allowed");
  if (!(std::abs(lean()) <= lean_max))
    return broken(of + ": estimates lean by " + std::to_string(lean()) +
                  " standard deviations of the ranks, at most " + std::to_string(lean_max));
  return ok();
}

quantizer_trial::quantizer_trial()
    : host_([](std::uint32_t, std::string_view) {},
            [](const std::string&) -> result<thespis_object> {
              return error(errc::not_found, "no compute back end");
            },
            [](const std::string&, const void*) -> result<thespis_object> {
              return error(errc::not_found, "no quantizer");
            }) {}

quantizer_trial::~quantizer_trial() {
  if (object.self != nullptr) table().destroy(object.self);
}

result<std::unique_ptr<quantizer_trial>> quantizer_trial::make(const std::filesystem::path& file,
                                                               distance metric,
                                                               std::uint32_t dimension,
                                                               std::uint32_t bits) {
  std::unique_ptr<quantizer_trial> made(new quantizer_trial());
  THESPIS_TRY(made->plugin_, library::open(file));
  thespis_quantizer_params params{};
  params.struct_size = sizeof(params);
  params.metric = static_cast<thespis_metric>(metric);
  params.dimension = dimension;
  params.bits = bits;
  params.seed = 42;
  THESPIS_TRY(made->object,
              made->plugin_->create(made->host_.table(), &params, THESPIS_ELEMENT_FLOAT32));
  made->metric = metric;
  made->rows.dimension = dimension;
  made->layout.struct_size = sizeof(made->layout);
  made->table().layout(made->object.self, &made->layout);
  return made;
}

result<void> quantizer_trial::train(const test_vectors& sample) {
  const auto list = pointers(sample);
  thespis_failure reason{};
  if (table().train(object.self, list.data(), list.size(), &reason) != THESPIS_OK)
    return broken(text() + ": train: " + printable(reason.message, sizeof(reason.message)));
  return ok();
}

result<void> quantizer_trial::encode(test_vectors vectors) {
  rows = std::move(vectors);
  constexpr std::size_t word = 4;
  codes = guarded_parts(rows.count(), layout.code_bytes, word, layout.slack_bytes);
  if (refines())
    refinements = guarded_parts(rows.count(), layout.refinement_bytes, word, layout.slack_bytes);
  const auto list = pointers(rows);
  table().encode(object.self, list.data(), list.size(), codes.list().data(), finer());
  THESPIS_CHECK(codes.check());
  return refines() ? refinements.check() : ok();
}

result<void> quantizer_trial::fill(const test_vectors& vectors) {
  THESPIS_CHECK(train(vectors));
  return encode(vectors);
}

result<std::string> quantizer_trial::saved() const {
  std::string bytes;
  const thespis_writer to{sizeof(to), 0, &bytes, append};
  thespis_failure reason{};
  if (table().save(object.self, &to, &reason) != THESPIS_OK)
    return broken(text() + ": save: " + printable(reason.message, sizeof(reason.message)));
  return bytes;
}

thespis_status quantizer_trial::load(const std::string& bytes, std::uint64_t said,
                                     thespis_failure& reason) {
  source from{bytes};
  const thespis_reader reader{sizeof(reader), 0, &from, said, take, nullptr};
  return table().load(object.self, &reader, &reason);
}

guarded_parts quantizer_trial::prepare(std::span<const float> vector) const {
  guarded_parts query(1, layout.query_bytes, line_bytes, 0);
  table().prepare(object.self, vector.data(), query.part(0));
  return query;
}

std::vector<float> quantizer_trial::estimate(const guarded_parts& query, std::size_t first,
                                             std::size_t count) const {
  std::vector<float> ranks(count, std::numeric_limits<float>::quiet_NaN());
  table().estimate(object.self, query.part(0), codes.list().data() + first, count, ranks.data());
  return ranks;
}

std::vector<float> quantizer_trial::refine(const guarded_parts& query) const {
  std::vector<float> ranks(rows.count(), std::numeric_limits<float>::quiet_NaN());
  table().refine(object.self, query.part(0), codes.list().data(), finer(), rows.count(),
                 ranks.data());
  return ranks;
}

std::vector<float> quantizer_trial::compare(std::size_t row) const {
  std::vector<float> ranks(rows.count(), std::numeric_limits<float>::quiet_NaN());
  table().compare(object.self, codes.part(row), refines() ? refinements.part(row) : nullptr,
                  codes.list().data(), finer(), rows.count(), ranks.data());
  return ranks;
}

guarded_parts quantizer_trial::pack(std::size_t center,
                                    std::span<const std::size_t> members) const {
  guarded_parts block(1, layout.block_bytes, line_bytes, layout.slack_bytes);
  std::vector<const float*> list;
  for (const auto member : members) list.push_back(rows.row(member).data());
  table().pack(object.self, rows.row(center).data(), list.data(), list.size(), block.part(0));
  return block;
}

std::vector<float> quantizer_trial::estimate_block(const guarded_parts& query,
                                                   const guarded_parts& block,
                                                   float center_rank) const {
  std::vector<float> ranks(layout.block_rows, std::numeric_limits<float>::quiet_NaN());
  table().estimate_block(object.self, query.part(0), block.part(0), center_rank, ranks.data());
  return ranks;
}

std::string quantizer_trial::text() const {
  return std::string(to_string(metric)) + ", dimension " + std::to_string(rows.dimension);
}

}  // namespace thespis::plugins
