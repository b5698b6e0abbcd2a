// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/dump/export_header.hpp"
#include "core/error.hpp"
#include "core/point_id.hpp"

/// Readers of the files that `thespis import` takes.
namespace thespis::importer {

/// One vector name and the length of its vectors.
struct vector_shape {
  std::string name;  ///< "" for the unnamed vector.
  std::uint32_t size = 0;

  friend bool operator==(const vector_shape&, const vector_shape&) = default;
};

/// The vectors of one name.
struct vector_column {
  vector_shape shape;
  std::vector<float> values;  ///< Shape: [ids, shape.size], row-major.
};

/// Consecutive points of a file.
struct point_batch {
  std::uint64_t first_row = 0;  ///< Row (from 0) of the first point in the file.
  std::vector<point_id> ids;
  std::vector<vector_column> columns;  ///< One per shape of the source, in its order.
  std::vector<std::string> payloads;   ///< JSON objects or "", one per id; or empty: none has one.
  /// Instead of `ids`, `columns` and `payloads`: each point as the JSON object of an upsert.
  std::vector<std::string> json;
  std::string file;                  ///< The file's name, if `lines` are known.
  std::vector<std::uint64_t> lines;  ///< The line of each point; empty where rows are as good.

  [[nodiscard]] std::size_t points() const noexcept { return ids.size() + json.size(); }
};

/// How a file is laid out.
enum class file_format : std::uint8_t {
  fbin = 1,
  u8bin = 2,
  f16bin = 3,
  idx = 4,
  jsonl = 5,
  npy = 6,
  fvecs = 7,
  bvecs = 8
};

/// Reads the name of a format, such as "fbin"; "f32bin" is another one for it.
[[nodiscard]] std::optional<file_format> parse_file_format(std::string_view name) noexcept;

/// Guesses from the name: .npy .fvecs .bvecs .fbin .f32bin .u8bin .f16bin .idx *-ubyte .jsonl
/// .ndjson, each also with .gz or .zst behind it. Errors: invalid_argument naming the known
/// endings; unsupported for .ivecs.
[[nodiscard]] result<file_format> guess_file_format(const std::filesystem::path& file);

/// Points of a file, front to back.
/// Thread: one at a time.
class point_source {
 public:
  virtual ~point_source() = default;

  /// The vectors that points have, as far as the file tells them; empty for those of `header`.
  [[nodiscard]] virtual const std::vector<vector_shape>& shapes() const noexcept = 0;
  /// The header of an exported collection; null for other files.
  [[nodiscard]] virtual const dump::export_header* header() const noexcept { return nullptr; }
  /// Rows of the whole file, if its header says so.
  [[nodiscard]] virtual std::optional<std::uint64_t> rows() const noexcept = 0;

  /// Passes over rows. Errors: as `read`.
  [[nodiscard]] virtual result<void> skip(std::uint64_t rows) = 0;
  /// Reads up to `rows_max` points; none at the end of the file.
  /// Errors: io; corruption or invalid_argument naming the file, the row or line, and what is
  /// wrong.
  [[nodiscard]] virtual result<point_batch> read(std::size_t rows_max) = 0;
};

/// Where ids and payloads of a matrix come from.
struct source_options {
  /// Row r of a matrix gets the id `first_id + r`; a JSON line without an id too. Unset: matrices
  /// count from 0, JSON lines must carry an id.
  std::optional<std::uint64_t> first_id = {};
  std::filesystem::path ids = {};       ///< A file with an id per row; empty: none.
  std::filesystem::path payloads = {};  ///< A file with a payload per row; empty: none.
};

/// Opens a file, compressed with gzip or zstd or not, and checks its header.
/// Errors: io; corruption (wrong magic, size that contradicts the header); invalid_argument.
[[nodiscard]] result<std::unique_ptr<point_source>> open_source(const std::filesystem::path& file,
                                                                file_format format,
                                                                const source_options& options);

}  // namespace thespis::importer
