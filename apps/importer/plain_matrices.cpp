// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/plain_matrices.hpp"

#include <array>
#include <optional>

#include "apps/importer/matrix_source.hpp"
#include "core/limits.hpp"

namespace thespis::importer {

namespace {

std::optional<element_kind> idx_element(unsigned char code) {
  switch (code) {
    case 0x08: return element_kind::uint8;
    case 0x09: return element_kind::int8;
    case 0x0B: return element_kind::int16;
    case 0x0C: return element_kind::int32;
    case 0x0D: return element_kind::float32;
    case 0x0E: return element_kind::float64;
    default: return std::nullopt;
  }
}

}  // namespace

result<std::unique_ptr<point_source>> open_bin(std::unique_ptr<byte_reader> in, file_format format,
                                               const source_options& options) {
  std::array<unsigned char, 8> bytes;
  THESPIS_TRY(const std::size_t got, in->read(bytes.data(), bytes.size()));
  if (got < bytes.size())
    return error(errc::corruption,
                 in->name() + ": " + std::to_string(got) + " bytes; the header alone has 8");
  const matrix_header header{8, load<std::uint32_t>(bytes.data(), std::endian::little),
                             load<std::uint32_t>(bytes.data() + 4, std::endian::little)};
  const auto kind = format == file_format::u8bin    ? element_kind::uint8
                    : format == file_format::f16bin ? element_kind::float16
                                                    : element_kind::float32;
  return open_matrix(std::move(in), element_of(kind, std::endian::little), header, options);
}

result<std::unique_ptr<point_source>> open_idx(std::unique_ptr<byte_reader> in,
                                               const source_options& options) {
  std::array<unsigned char, 4> magic;
  THESPIS_TRY(const std::size_t got, in->read(magic.data(), magic.size()));
  const auto kind = got == magic.size() ? idx_element(magic[2]) : std::nullopt;
  if (!kind || magic[0] != 0 || magic[1] != 0 || magic[3] == 0)
    return error(errc::corruption, in->name() + ": does not begin as an IDX file does");
  matrix_header header{4 + 4u * magic[3], 0, 1};
  for (unsigned i = 0; i < magic[3]; ++i) {
    std::array<unsigned char, 4> bytes;
    THESPIS_TRY(const std::size_t part, in->read(bytes.data(), bytes.size()));
    if (part < bytes.size())
      return error(errc::corruption, in->name() + ": ends within the header");
    const auto size = load<std::uint32_t>(bytes.data(), std::endian::big);
    if (i == 0) {
      header.rows = size;
    } else if (size != 0 && header.columns > limits::dimension_max / size) {
      header.columns = std::uint64_t{limits::dimension_max} + 1;  // refused below
    } else {
      header.columns *= size;
    }
  }
  return open_matrix(std::move(in), element_of(*kind, std::endian::big), header, options);
}

}  // namespace thespis::importer
