// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/binary_upload.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

static_assert(std::endian::native == std::endian::little, "rows are copied as they are");

constexpr std::string_view magic = "THESPUP1";
constexpr std::size_t header_bytes = 32;
constexpr std::uint32_t flag_tagged_ids = 1;
constexpr std::uint32_t flag_payloads = 2;
constexpr std::uint32_t known_flags = flag_tagged_ids | flag_payloads;

enum class id_tag : std::uint8_t { number = 1, uuid = 2, string = 3 };

struct upload_header {
  std::uint32_t flags = 0;
  std::uint32_t dimension = 0;
  std::uint64_t count = 0;
  std::uint32_t name_bytes = 0;
};

template <class Number>
void put(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

void put_id(std::string& out, const point_id& id) {
  if (id.is_number()) {
    put(out, id_tag::number);
    put(out, id.number());
  } else if (id.is_uuid()) {
    put(out, id_tag::uuid);
    const auto& bytes = id.as_uuid().bytes;
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else {
    put(out, id_tag::string);
    put(out, static_cast<std::uint16_t>(id.string().size()));
    out += id.string();
  }
}

// Takes parts off the front of the body; the first that is not there fails.
class part_reader {
 public:
  explicit part_reader(std::string_view body) : body_(body) {}

  result<std::string_view> bytes(std::uint64_t count, std::string_view what) {
    if (count > body_.size() - at_)
      return failure(std::string(what) + ": " + std::to_string(count) + " bytes expected, " +
                     std::to_string(body_.size() - at_) + " left");
    const auto part = body_.substr(at_, count);
    at_ += count;
    return part;
  }

  template <class Number>
  result<Number> number(std::string_view what) {
    THESPIS_TRY(const auto part, bytes(sizeof(Number), what));
    Number value;
    std::memcpy(&value, part.data(), sizeof value);
    return value;
  }

  [[nodiscard]] error failure(const std::string& message) const {
    return error(errc::invalid_argument,
                 "binary upload, byte " + std::to_string(at_) + ": " + message);
  }

  [[nodiscard]] std::size_t left() const { return body_.size() - at_; }

 private:
  std::string_view body_;
  std::size_t at_ = 0;
};

std::string range_message(std::string_view what, std::uint64_t value, std::uint64_t max) {
  return std::string(what) + " " + std::to_string(value) + ", expected 1 to " + std::to_string(max);
}

result<upload_header> read_header(part_reader& in) {
  upload_header header;
  THESPIS_TRY(const auto found, in.bytes(magic.size(), "magic"));
  if (found != magic) return in.failure("it does not begin with THESPUP1");
  THESPIS_TRY(header.flags, in.number<std::uint32_t>("flags"));
  THESPIS_TRY(header.dimension, in.number<std::uint32_t>("dimension"));
  THESPIS_TRY(header.count, in.number<std::uint64_t>("count"));
  THESPIS_TRY(header.name_bytes, in.number<std::uint32_t>("name length"));
  THESPIS_TRY(const auto reserved, in.number<std::uint32_t>("reserved"));
  if ((header.flags & ~known_flags) != 0)
    return in.failure("unknown flags " + std::to_string(header.flags));
  if (reserved != 0) return in.failure("the reserved field is not 0");
  if (header.dimension == 0 || header.dimension > limits::dimension_max)
    return in.failure(range_message("dimension", header.dimension, limits::dimension_max));
  if (header.count == 0 || header.count > limits::points_per_request_max)
    return in.failure(range_message("point count", header.count, limits::points_per_request_max));
  if (header.name_bytes > limits::vector_name_bytes_max)
    return in.failure(
        range_message("name length", header.name_bytes, limits::vector_name_bytes_max));
  return header;
}

result<point_id> read_tagged_id(part_reader& in) {
  THESPIS_TRY(const auto tag, in.number<std::uint8_t>("id tag"));
  switch (static_cast<id_tag>(tag)) {
    case id_tag::number: {
      THESPIS_TRY(const auto number, in.number<std::uint64_t>("id"));
      return point_id(number);
    }
    case id_tag::uuid: {
      THESPIS_TRY(const auto part, in.bytes(16, "id"));
      uuid id;
      std::memcpy(id.bytes.data(), part.data(), id.bytes.size());
      return point_id(id);
    }
    case id_tag::string: {
      THESPIS_TRY(const auto size, in.number<std::uint16_t>("id length"));
      THESPIS_TRY(const auto text, in.bytes(size, "id"));
      if (!is_utf8(text)) return in.failure("the id is not UTF-8");
      return point_id::from_string(text);
    }
  }
  return in.failure("unknown id tag " + std::to_string(tag));
}

result<void> read_ids(part_reader& in, const upload_header& header, std::vector<point>& points) {
  for (auto& point : points) {
    if ((header.flags & flag_tagged_ids) != 0) {
      THESPIS_TRY(point.id, read_tagged_id(in));
    } else {
      THESPIS_TRY(const auto number, in.number<std::uint64_t>("id"));
      point.id = point_id(number);
    }
  }
  return ok();
}

result<void> read_rows(part_reader& in, const upload_header& header, std::string_view name,
                       std::vector<point>& points) {
  const std::size_t row_bytes = header.dimension * sizeof(float);
  for (auto& point : points) {
    THESPIS_TRY(const auto row, in.bytes(row_bytes, "vector"));
    auto& vector = point.vectors.emplace_back();
    vector.name = name;
    vector.values.resize(header.dimension);
    std::memcpy(vector.values.data(), row.data(), row_bytes);
    for (std::size_t i = 0; i < vector.values.size(); ++i)
      if (!std::isfinite(vector.values[i]))
        return in.failure("vector of point " + point.id.text() + ": component " +
                          std::to_string(i) + " is not a finite number");
  }
  return ok();
}

result<void> read_payloads(part_reader& in, std::size_t depth_max, std::vector<point>& points) {
  for (auto& point : points) {
    THESPIS_TRY(const auto size, in.number<std::uint32_t>("payload length"));
    THESPIS_TRY(const auto text, in.bytes(size, "payload"));
    if (text.empty()) continue;
    json_reader json(text, depth_max);
    point.payload = read_payload(json);
    if (const auto read = json.finish(); !read)
      return error(read.error().code, "binary upload, payload of point " + point.id.text() + ": " +
                                          read.error().message);
  }
  return ok();
}

result<void> check(const binary_upload& upload) {
  const auto refuse = [](const std::string& message) {
    return error(errc::invalid_argument, "binary upload: " + message);
  };
  if (upload.ids.empty() || upload.ids.size() > limits::points_per_request_max)
    return refuse(range_message("point count", upload.ids.size(), limits::points_per_request_max));
  if (upload.dimension == 0 || upload.dimension > limits::dimension_max)
    return refuse(range_message("dimension", upload.dimension, limits::dimension_max));
  if (upload.vector_name.size() > limits::vector_name_bytes_max)
    return refuse("vector name of " + std::to_string(upload.vector_name.size()) + " bytes");
  if (upload.rows.size() != upload.ids.size() * upload.dimension)
    return refuse(std::to_string(upload.rows.size()) + " numbers for " +
                  std::to_string(upload.ids.size()) + " vectors of " +
                  std::to_string(upload.dimension));
  if (!upload.payloads.empty() && upload.payloads.size() != upload.ids.size())
    return refuse(std::to_string(upload.payloads.size()) + " payloads for " +
                  std::to_string(upload.ids.size()) + " points");
  return ok();
}

}  // namespace

result<std::string> encode_binary_upload(const binary_upload& upload) {
  THESPIS_CHECK(check(upload));
  bool tagged = false;
  for (const auto& id : upload.ids) tagged = tagged || !id.is_number();
  std::string out;
  out.reserve(header_bytes + upload.vector_name.size() + upload.ids.size() * 8 +
              upload.rows.size_bytes());
  out += magic;
  put(out, (tagged ? flag_tagged_ids : 0) | (upload.payloads.empty() ? 0 : flag_payloads));
  put(out, upload.dimension);
  put(out, static_cast<std::uint64_t>(upload.ids.size()));
  put(out, static_cast<std::uint32_t>(upload.vector_name.size()));
  put(out, std::uint32_t{0});
  out += upload.vector_name;
  for (const auto& id : upload.ids) tagged ? put_id(out, id) : put(out, id.number());
  out.append(reinterpret_cast<const char*>(upload.rows.data()), upload.rows.size_bytes());
  for (const auto& payload : upload.payloads) {
    put(out, static_cast<std::uint32_t>(payload.size()));
    out += payload;
  }
  return out;
}

result<upsert_request> decode_binary_upload(std::string_view body, std::size_t depth_max) {
  part_reader in(body);
  THESPIS_TRY(const auto header, read_header(in));
  THESPIS_TRY(const auto name, in.bytes(header.name_bytes, "vector name"));
  if (!is_utf8(name)) return in.failure("the vector name is not UTF-8");
  // Every point takes its row at least, so that a count alone cannot make us allocate.
  if (in.left() / (header.dimension * sizeof(float)) < header.count)
    return in.failure(std::to_string(header.count) + " vectors of " +
                      std::to_string(header.dimension) + " numbers do not fit the body");
  upsert_request out;
  out.points.resize(header.count);
  THESPIS_CHECK(read_ids(in, header, out.points));
  THESPIS_CHECK(read_rows(in, header, name, out.points));
  if ((header.flags & flag_payloads) != 0) THESPIS_CHECK(read_payloads(in, depth_max, out.points));
  if (in.left() != 0) return in.failure(std::to_string(in.left()) + " bytes too many");
  return out;
}

}  // namespace thespis::codec
