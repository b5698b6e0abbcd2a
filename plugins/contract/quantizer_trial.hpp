// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/contract/reference.hpp"
#include "plugins/contract/suite.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/services.hpp"

namespace thespis::plugins {

/// Private to plugins/contract: memory lent to a plugin for parts of equal size, with bytes between
/// them that nobody may write.
class guarded_parts {
 public:
  guarded_parts() = default;
  /// Parts begin at multiples of `alignment`; the first does not begin at one of 64 if 4 will do.
  guarded_parts(std::size_t count, std::size_t bytes, std::size_t alignment, std::size_t slack);

  [[nodiscard]] std::span<void* const> list() const noexcept { return list_; }
  [[nodiscard]] void* part(std::size_t at) const noexcept { return list_[at]; }
  /// The bytes of all parts, one after the other.
  [[nodiscard]] std::string text() const;
  /// Errors: broken if something was written between the parts.
  [[nodiscard]] result<void> check() const;

 private:
  std::size_t bytes_ = 0;
  std::size_t stride_ = 0;
  std::vector<unsigned char> memory_;
  unsigned char* first_ = nullptr;
  std::vector<void*> list_;
};

/// Private to plugins/contract: how well estimates of ranks agree with the ranks.
class agreement {
 public:
  void add(double estimate, double rank);

  /// Root of the mean squared error, in standard deviations of the ranks.
  [[nodiscard]] double error() const;
  /// Mean error, in the same units.
  [[nodiscard]] double lean() const;
  /// By how much estimates grow with the ranks: 1, if they are as far apart.
  [[nodiscard]] double slope() const;
  /// Errors: broken if an estimate is not a number, if estimates do not follow the ranks or if
  /// they lean to one side. `of` names them.
  [[nodiscard]] result<void> judge(const std::string& of, std::uint32_t dimension) const;

 private:
  [[nodiscard]] double spread() const;

  std::uint64_t count_ = 0;
  std::uint64_t strange_ = 0;
  double ranks_ = 0;
  double rank_squares_ = 0;
  double errors_ = 0;
  double error_squares_ = 0;
  double products_ = 0;  ///< Of errors and ranks.
};

/// Private to plugins/contract: a quantizer under test, with its vectors and codes.
class quantizer_trial {
 public:
  /// Errors: what the plugin says of these parameters.
  [[nodiscard]] static result<std::unique_ptr<quantizer_trial>> make(
      const std::filesystem::path& file, distance metric, std::uint32_t dimension,
      std::uint32_t bits = 0);
  ~quantizer_trial();
  quantizer_trial(const quantizer_trial&) = delete;
  quantizer_trial& operator=(const quantizer_trial&) = delete;

  [[nodiscard]] result<void> train(const test_vectors& sample);
  /// Encodes all of `vectors`, which become `rows`.
  [[nodiscard]] result<void> encode(test_vectors vectors);
  /// `train` and `encode`.
  [[nodiscard]] result<void> fill(const test_vectors& vectors);
  [[nodiscard]] result<std::string> saved() const;
  [[nodiscard]] thespis_status load(const std::string& bytes, std::uint64_t said,
                                    thespis_failure& reason);

  /// Prepares `vector`; what is returned holds the query in its only part.
  [[nodiscard]] guarded_parts prepare(std::span<const float> vector) const;
  /// Ranks of the query and rows [first, first + count).
  [[nodiscard]] std::vector<float> estimate(const guarded_parts& query, std::size_t first,
                                            std::size_t count) const;
  [[nodiscard]] std::vector<float> refine(const guarded_parts& query) const;
  [[nodiscard]] std::vector<float> compare(std::size_t row) const;
  [[nodiscard]] guarded_parts pack(std::size_t center, std::span<const std::size_t> members) const;
  [[nodiscard]] std::vector<float> estimate_block(const guarded_parts& query,
                                                  const guarded_parts& block,
                                                  float center_rank) const;

  [[nodiscard]] bool refines() const noexcept { return layout.refinement_bytes != 0; }
  [[nodiscard]] bool packs() const noexcept { return layout.block_rows != 0; }
  [[nodiscard]] const thespis_quantizer_table& table() const noexcept {
    return *static_cast<const thespis_quantizer_table*>(object.table);
  }
  /// Such as "Dot, dimension 17".
  [[nodiscard]] std::string text() const;

  distance metric = distance::cosine;
  test_vectors rows;
  thespis_code_layout layout{};
  guarded_parts codes;
  guarded_parts refinements;
  thespis_object object{};

 private:
  quantizer_trial();
  [[nodiscard]] void* const* finer() const noexcept {
    return refines() ? refinements.list().data() : nullptr;
  }

  services host_;
  std::shared_ptr<const library> plugin_;
};

}  // namespace thespis::plugins
