// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/point_source.hpp"

#include <array>
#include <utility>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/jsonl_source.hpp"
#include "apps/importer/matrix_source.hpp"

namespace thespis::importer {

std::optional<file_format> parse_file_format(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, file_format>, 6> names = {{
      {"fbin", file_format::fbin},
      {"f32bin", file_format::fbin},
      {"u8bin", file_format::u8bin},
      {"f16bin", file_format::f16bin},
      {"idx", file_format::idx},
      {"jsonl", file_format::jsonl},
  }};
  for (const auto& [known, format] : names)
    if (known == name) return format;
  return std::nullopt;
}

result<file_format> guess_file_format(const std::filesystem::path& file) {
  auto name = file.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".zst")) name.resize(name.size() - 4);
  if (name.ends_with("-ubyte")) return file_format::idx;
  if (name.ends_with(".ndjson")) return file_format::jsonl;
  const auto dot = name.rfind('.');
  const auto known = dot == std::string::npos
                         ? std::nullopt
                         : parse_file_format(std::string_view(name).substr(dot + 1));
  if (known) return *known;
  return error(errc::invalid_argument,
               file.string() +
                   ": cannot tell the format from the name; known endings are .fbin "
                   ".f32bin .u8bin .f16bin .idx -ubyte .jsonl .ndjson, each also with "
                   ".gz or .zst; --format names it");
}

result<std::unique_ptr<point_source>> open_source(const std::filesystem::path& file,
                                                  file_format format,
                                                  const source_options& options) {
  THESPIS_TRY(auto in, byte_reader::open(file));
  switch (format) {
    case file_format::fbin:
    case file_format::u8bin:
    case file_format::f16bin: return open_bin(std::move(in), format, options);
    case file_format::idx: return open_idx(std::move(in), options);
    case file_format::jsonl: return open_jsonl(std::move(in), options);
  }
  return error(errc::internal, "unknown file format");
}

}  // namespace thespis::importer
