// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/point_source.hpp"

#include <array>
#include <utility>

#include "apps/importer/attached_source.hpp"
#include "apps/importer/byte_reader.hpp"
#include "apps/importer/jsonl_source.hpp"
#include "apps/importer/npy_source.hpp"
#include "apps/importer/plain_matrices.hpp"
#include "apps/importer/vecs_source.hpp"

namespace thespis::importer {

std::optional<file_format> parse_file_format(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, file_format>, 9> names = {{
      {"fbin", file_format::fbin},
      {"f32bin", file_format::fbin},
      {"u8bin", file_format::u8bin},
      {"f16bin", file_format::f16bin},
      {"idx", file_format::idx},
      {"jsonl", file_format::jsonl},
      {"npy", file_format::npy},
      {"fvecs", file_format::fvecs},
      {"bvecs", file_format::bvecs},
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
  if (name.ends_with(".ivecs"))
    return error(errc::unsupported, file.string() +
                                        ": ivecs files hold integers, such as the ids of nearest "
                                        "points; vectors are imported from .fvecs and .bvecs");
  return error(errc::invalid_argument,
               file.string() +
                   ": cannot tell the format from the name; known endings are .npy .fvecs .bvecs "
                   ".fbin .f32bin .u8bin .f16bin .idx -ubyte .jsonl .ndjson, each also with .gz or "
                   ".zst; --format names it");
}

namespace {

result<std::unique_ptr<point_source>> open_format(std::unique_ptr<byte_reader> in,
                                                  file_format format,
                                                  const source_options& options) {
  switch (format) {
    case file_format::fbin:
    case file_format::u8bin:
    case file_format::f16bin: return open_bin(std::move(in), format, options);
    case file_format::idx: return open_idx(std::move(in), options);
    case file_format::jsonl: return open_jsonl(std::move(in), options);
    case file_format::npy: return open_npy(std::move(in), options);
    case file_format::fvecs:
    case file_format::bvecs: return open_vecs(std::move(in), format, options);
  }
  return error(errc::internal, "unknown file format");
}

}  // namespace

result<std::unique_ptr<point_source>> open_source(const std::filesystem::path& file,
                                                  file_format format,
                                                  const source_options& options) {
  const bool attached = !options.ids.empty() || !options.payloads.empty();
  if (attached && format == file_format::jsonl)
    return error(errc::invalid_argument,
                 file.string() +
                     ": JSON lines have their ids and payloads; --ids and --payload "
                     "are for other files");
  THESPIS_TRY(auto in, byte_reader::open(file));
  THESPIS_TRY(auto source, open_format(std::move(in), format, options));
  if (!attached) return source;
  return attach(std::move(source), file.string(), options);
}

}  // namespace thespis::importer
