// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/quantization.hpp"

#include <string>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

std::optional<bool> read_choice(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  return in.read_bool();
}

void refuse_word(json_reader& in, errc code, std::string_view what, std::string_view found,
                 std::string_view expected) {
  in.fail(code, std::string(what) + " '" + std::string(shown(found, 64)) + "', expected " +
                    std::string(expected));
}

std::uint32_t read_scalar_type(json_reader& in) {
  const auto type = in.read_string();
  if (type == "int4") return 4;
  if (in.ok() && type != "int8")
    refuse_word(in, errc::invalid_argument, "unknown scalar type", type, "int8 or int4");
  return 8;
}

quantization_config read_scalar(json_reader& in) {
  quantization_config out{quantization_kind::scalar, 8, {}, {}};
  std::string_view key;
  bool typed = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "type") {
      out.bits = read_scalar_type(in);
      typed = true;
    } else if (key == "quantile") {
      if (!in.read_null()) out.quantile = in.read_float();
    } else if (key == "always_ram") {
      out.always_ram = read_choice(in);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!typed) refuse_missing(in, "type");
  return out;
}

std::uint32_t read_encoding(json_reader& in) {
  if (in.read_null()) return 0;
  const auto name = in.read_string();
  if (!in.ok()) return 0;
  if (name == "one_bit") return 1;
  if (name == "two_bits") return 2;
  if (name == "one_and_half_bits")
    in.fail(errc::unsupported,
            "the encoding 'one_and_half_bits' is not offered, only one_bit and two_bits, or "
            "'bits' from 1 to 4");
  else
    refuse_word(in, errc::invalid_argument, "unknown encoding", name, "one_bit or two_bits");
  return 0;
}

// How a query is coded is the quantizer's business; only its default may be asked for.
void require_default(json_reader& in) {
  if (in.read_null()) return;
  const auto name = in.read_string();
  if (in.ok() && name != "default")
    refuse_word(in, errc::unsupported, "'query_encoding'", name, "default");
}

quantization_config read_binary(json_reader& in) {
  quantization_config out{quantization_kind::binary, 0, {}, {}};
  std::uint32_t encoding = 0;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "encoding") {
      encoding = read_encoding(in);
    } else if (key == "bits") {
      if (!in.read_null()) out.bits = read_bounded(in, 1, limits::binary_bits_max);
    } else if (key == "always_ram") {
      out.always_ram = read_choice(in);
    } else if (key == "query_encoding") {
      require_default(in);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (in.ok() && encoding != 0 && out.bits != 0 && encoding != out.bits)
    in.fail(errc::invalid_argument, "'encoding' and 'bits' contradict each other");
  if (out.bits == 0) out.bits = encoding;
  return out;
}

quantization_config read_none(json_reader& in) {
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) refuse_unknown(in, key);
  return {};
}

quantization_config read_word(json_reader& in) {
  const auto word = in.read_string();
  if (in.ok() && word != "none" && word != "Disabled")
    refuse_word(in, errc::invalid_argument, "unknown quantization", word,
                "an object, 'none' or 'Disabled'");
  return {};
}

quantization_config read_one(json_reader& in, std::string_view key) {
  if (key == "scalar") return read_scalar(in);
  if (key == "binary") return read_binary(in);
  if (key == "none") return read_none(in);
  if (key == "product" || key == "turbo")
    in.fail(errc::unsupported,
            "'" + std::string(key) + "' codes are not offered, only 'scalar' and 'binary'");
  else
    refuse_unknown(in, key);
  return {};
}

std::string_view name_of_encoding(std::uint32_t bits) { return bits == 1 ? "one_bit" : "two_bits"; }

}  // namespace

std::optional<quantization_config> read_quantization(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  if (in.peek() == kind::string) return read_word(in);
  std::optional<quantization_config> out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (out)
      in.fail(errc::invalid_argument, "more than one kind of codes");
    else
      out = read_one(in, key);
  }
  if (!out && in.ok())
    in.fail(errc::invalid_argument, "no kind of codes, expected 'scalar', 'binary' or 'none'");
  return out;
}

void encode(json_writer& out, const std::optional<quantization_config>& asked) {
  if (!asked) return void(out.null());
  out.begin_object();
  switch (asked->kind) {
    case quantization_kind::none: out.key("none").begin_object(); break;
    case quantization_kind::scalar:
      out.key("scalar").begin_object();
      out.key("type").string(asked->bits == 4 ? "int4" : "int8");
      if (asked->quantile) out.key("quantile").number(*asked->quantile);
      break;
    case quantization_kind::binary:
      out.key("binary").begin_object();
      // Clients of the dialect know no other field than this one.
      if (asked->bits == 1 || asked->bits == 2)
        out.key("encoding").string(name_of_encoding(asked->bits));
      else if (asked->bits != 0)
        out.key("bits").number(asked->bits);
      break;
  }
  if (asked->always_ram) out.key("always_ram").boolean(*asked->always_ram);
  out.end_object().end_object();
}

code_use read_code_use(json_reader& in) {
  code_use out;
  if (in.read_null()) return out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "ignore") {
      out.ignore = read_choice(in).value_or(false);
    } else if (key == "rescore") {
      out.rescore = read_choice(in).value_or(true);
    } else if (key == "oversampling") {
      if (in.read_null()) continue;
      const auto factor = in.read_float();
      if (in.ok() && (factor < 1 || factor > limits::oversampling_max))
        in.fail(errc::invalid_argument,
                "oversampling is not between 1 and " +
                    std::to_string(static_cast<int>(limits::oversampling_max)));
      out.oversampling = factor;
    } else {
      refuse_unknown(in, key);
    }
  }
  return out;
}

}  // namespace thespis::codec
