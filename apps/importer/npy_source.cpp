// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/npy_source.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/importer/matrix_source.hpp"

namespace thespis::importer {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::uint32_t header_bytes_max = 1u << 20;

struct npy_header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  bool has_descr = false;
  bool has_order = false;
  bool has_shape = false;
};

// The header is a literal of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class literal {
 public:
  explicit literal(std::string_view text) : text_(text) {}

  bool parse(npy_header& out) {
    if (!take('{')) return false;
    while (!take('}')) {
      std::string key;
      if (!string(key) || !take(':') || !value(key, out)) return false;
      if (!take(',') && peek() != '}') return false;
    }
    spaces();
    return at_ == text_.size() && out.has_descr && out.has_order && out.has_shape;
  }

 private:
  bool value(const std::string& key, npy_header& out) {
    if (key == "descr") return !std::exchange(out.has_descr, true) && string(out.descr);
    if (key == "shape") return !std::exchange(out.has_shape, true) && tuple(out.shape);
    if (key != "fortran_order" || std::exchange(out.has_order, true)) return false;
    out.fortran_order = word("True");
    return out.fortran_order || word("False");
  }

  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  char peek() {
    spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view wanted) {
    spaces();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }

  bool string(std::string& out) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out.find('\\') == std::string::npos;
  }

  bool tuple(std::vector<std::uint64_t>& out) {
    if (!take('(')) return false;
    while (!take(')')) {
      std::uint64_t number = 0;
      spaces();
      const auto [end, failure] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
      if (failure != std::errc{}) return false;
      at_ = static_cast<std::size_t>(end - text_.data());
      out.push_back(number);
      if (!take(',') && peek() != ')') return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<element_type> element_named(std::string_view descr) {
  if (descr.size() != 3) return std::nullopt;
  const bool bytes = descr[2] == '1';
  if (descr[0] != '<' && descr[0] != '>' && !(descr[0] == '|' && bytes)) return std::nullopt;
  const auto order = descr[0] == '>' ? std::endian::big : std::endian::little;
  const auto kind = descr.substr(1);
  if (kind == "f4") return element_of(element_kind::float32, order);
  if (kind == "f8") return element_of(element_kind::float64, order);
  if (kind == "f2") return element_of(element_kind::float16, order);
  if (kind == "u1") return element_of(element_kind::uint8, order);
  if (kind == "i1") return element_of(element_kind::int8, order);
  return std::nullopt;
}

// The text of the header, and how many bytes of the file are behind.
result<std::string> read_header(byte_reader& in, std::uint64_t& bytes) {
  const auto short_file = [&] {
    return error(errc::corruption, in.name() + ": ends within the header");
  };
  std::array<unsigned char, 8> begin{};
  THESPIS_TRY(const std::size_t got, in.read(begin.data(), begin.size()));
  const std::string_view seen(reinterpret_cast<const char*>(begin.data()), got);
  if (!seen.starts_with(magic))
    return error(errc::corruption, in.name() + ": does not begin as a NumPy file does");
  if (got < begin.size()) return short_file();
  if (begin[6] < 1 || begin[6] > 3 || begin[7] != 0)
    return error(errc::unsupported, in.name() + ": version " + std::to_string(begin[6]) + "." +
                                        std::to_string(begin[7]) +
                                        " of the NumPy format; 1.0, 2.0 and 3.0 are read");
  std::array<unsigned char, 4> length{};
  const std::size_t length_bytes = begin[6] == 1 ? 2 : 4;
  THESPIS_TRY(const std::size_t part, in.read(length.data(), length_bytes));
  if (part < length_bytes) return short_file();
  const auto size = load<std::uint32_t>(length.data(), std::endian::little);
  if (size > header_bytes_max)
    return error(errc::corruption, in.name() + ": the header says that it has " +
                                       std::to_string(size) + " bytes, at most " +
                                       std::to_string(header_bytes_max));
  std::string text(size, '\0');
  THESPIS_TRY(const std::size_t read, in.read(text.data(), size));
  if (read < size) return short_file();
  bytes = begin.size() + length_bytes + size;
  return text;
}

}  // namespace

result<std::unique_ptr<point_source>> open_npy(std::unique_ptr<byte_reader> in,
                                               const source_options& options) {
  const auto& name = in->name();
  matrix_header matrix;
  THESPIS_TRY(const auto text, read_header(*in, matrix.bytes));
  npy_header header;
  if (!literal(text).parse(header))
    return error(errc::corruption,
                 name + ": the header is not that of an array of numbers: " + text.substr(0, 200));
  const auto kind = element_named(header.descr);
  if (!kind)
    return error(errc::unsupported, name + ": elements of type '" + header.descr.substr(0, 64) +
                                        "'; float16, float32, float64, uint8 and int8 are read");
  const auto& shape = header.shape;
  if (shape.empty() || shape.size() > 2)
    return error(errc::unsupported, name + ": an array of " + std::to_string(shape.size()) +
                                        " dimensions; expected rows and columns, or one vector");
  matrix.rows = shape.size() == 2 ? shape[0] : 1;
  matrix.columns = shape.back();
  if (header.fortran_order && matrix.rows > 1 && matrix.columns > 1)
    return error(errc::unsupported, name +
                                        ": the array is in Fortran order, column by column; "
                                        "numpy.ascontiguousarray puts it in order");
  return open_matrix(std::move(in), *kind, matrix, options);
}

}  // namespace thespis::importer
