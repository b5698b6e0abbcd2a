// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::dump {

/// Makes zstd frames, each with a checksum and readable without the others.
/// Source: RFC 8878.
/// Thread: one at a time.
class zstd_frame_maker {
 public:
  zstd_frame_maker();
  ~zstd_frame_maker();
  zstd_frame_maker(const zstd_frame_maker&) = delete;
  zstd_frame_maker& operator=(const zstd_frame_maker&) = delete;

  /// Errors: resource_exhausted.
  [[nodiscard]] result<std::string> frame(std::string_view text);
  /// A frame followed by one that readers skip, both together of a length that depends on that of
  /// `text` only, so that other text of that length can replace it in a file.
  [[nodiscard]] result<std::string> replaceable_frame(std::string_view text);

 private:
  void* context_;  // ZSTD_CCtx
};

}  // namespace thespis::dump
