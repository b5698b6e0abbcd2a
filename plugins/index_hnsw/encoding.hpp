// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thespis/plugin/index_plugin.hpp>

#include "plugins/index_hnsw/codebook.hpp"
#include "plugins/index_hnsw/graph.hpp"

namespace thespis::hnsw {

/// Which quantizer an index uses, and how it comes by codes. Thread: any.
class encoding {
 public:
  /// Nodes that are enough to learn from.
  static constexpr std::uint32_t sample_min = 256;

  /// Errors: throws `plugin::failure` if the quantizer that was asked for does not exist or
  /// refuses.
  explicit encoding(const plugin::index_setup& setup);

  /// Whether there are to be codes at all.
  [[nodiscard]] bool wanted() const noexcept { return !name_.empty(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t bits() const noexcept { return bits_; }

  /// Whether the rows are to be copied into the order of the nodes: the preset wants that, and the
  /// arena's own rows may be evicted.
  [[nodiscard]] bool copies_rows() const noexcept { return copies_rows_; }
  /// Whether neighbours' codes are to be packed into rows of their own: the preset wants that, the
  /// quantizer offers it, and the memory stays within the preset's bound.
  [[nodiscard]] bool packs() const noexcept { return packs_; }

  /// An untrained quantizer without codes.
  [[nodiscard]] std::unique_ptr<codebook> make() const;

  /// Learns from a sample of the published nodes and encodes them all.
  /// Thread: nobody inserts meanwhile.
  [[nodiscard]] std::unique_ptr<codebook> learn(const graph& nodes,
                                                const plugin::arena& rows) const;

 private:
  // The finest codes that leave memory small where rows lie on disk; else the smallest.
  void choose_small(std::uint32_t m);

  plugin::services host_;
  thespis_metric metric_;
  std::uint32_t dimension_;
  std::uint64_t seed_;
  std::uint32_t bits_;
  bool copies_rows_;
  bool packs_ = false;
  std::string name_;
};

}  // namespace thespis::hnsw
