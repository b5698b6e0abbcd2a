// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/codec_vectors.hpp"

#include <utility>

#include "core/half.hpp"
#include "storage/codec_fields.hpp"

namespace thespis::storage::codec::detail {

namespace {

constexpr std::size_t vector_bytes_min = 8;

std::size_t bytes_of(element_type elements) noexcept {
  switch (elements) {
    case element_type::float32: return sizeof(float);
    case element_type::float16: return sizeof(std::uint16_t);
    case element_type::uint8: return 1;
  }
  return sizeof(float);
}

void write_values(byte_writer& out, const named_vector& vector) {
  switch (vector.elements) {
    case element_type::float32: return out.floats(vector.values);
    case element_type::float16:
      for (const float value : vector.values) out.u16(half_of_float(value));
      return;
    case element_type::uint8:
      for (const float value : vector.values) out.u8(static_cast<std::uint8_t>(value));
      return;
  }
}

void read_values(byte_reader& in, named_vector& vector) {
  switch (vector.elements) {
    case element_type::float32: return in.floats(vector.values);
    case element_type::float16:
      for (float& value : vector.values) value = float_of_half(in.u16());
      return;
    case element_type::uint8:
      for (float& value : vector.values) value = in.u8();
      return;
  }
}

// How many values follow; corrupt if there are not so many bytes.
result<std::size_t> read_count(byte_reader& in, named_vector& vector, std::string_view what) {
  std::size_t count = in.u32();
  auto value_bytes = bytes_of(vector.elements);
  if (vector.shape == vector_shape::multivector) {
    vector.size = in.u32();
    count *= vector.size;  // two numbers of 32 bits
  } else if (vector.shape == vector_shape::sparse) {
    value_bytes += sizeof(std::uint32_t);
  }
  if (!in.good() || count > in.remaining() / value_bytes)
    return corrupt(what, "ends within a vector");
  return count;
}

result<named_vector> read_vector(byte_reader& in, std::string_view what) {
  named_vector vector;
  vector.name = read_name(in);
  const auto shape = in.u8();
  const auto elements = in.u8();
  if (!in.good()) return corrupt(what, "ends within a vector");
  if (shape < 1 || shape > 3) return newer(what, "vector shape", shape);
  if (elements < 1 || elements > 3) return newer(what, "element type", elements);
  vector.shape = static_cast<vector_shape>(shape);
  vector.elements = static_cast<element_type>(elements);
  THESPIS_TRY(const auto count, read_count(in, vector, what));
  if (vector.shape == vector_shape::sparse) {
    vector.indices.resize(count);
    for (auto& index : vector.indices) index = in.u32();
  }
  vector.values.resize(count);
  read_values(in, vector);
  return vector;
}

}  // namespace

void write_vectors(byte_writer& out, const std::vector<named_vector>& vectors) {
  out.u16(static_cast<std::uint16_t>(vectors.size()));
  for (const auto& vector : vectors) {
    write_name(out, vector.name);
    out.u8(static_cast<std::uint8_t>(vector.shape));
    out.u8(static_cast<std::uint8_t>(vector.elements));
    if (vector.shape == vector_shape::multivector) {
      const auto rows = vector.size == 0 ? 0 : vector.values.size() / vector.size;
      out.u32(static_cast<std::uint32_t>(rows));
      out.u32(vector.size);
    } else {
      out.u32(static_cast<std::uint32_t>(vector.values.size()));
    }
    for (const auto index : vector.indices) out.u32(index);
    write_values(out, vector);
  }
}

result<std::vector<named_vector>> read_vectors(byte_reader& in, std::string_view what) {
  const std::size_t count = in.u16();
  if (count * vector_bytes_min > in.remaining()) return corrupt(what, "more vectors than bytes");
  std::vector<named_vector> vectors;
  vectors.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    THESPIS_TRY(auto vector, read_vector(in, what));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace thespis::storage::codec::detail
