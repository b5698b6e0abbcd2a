// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/collection_spec.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

collection_spec sound() {
  collection_spec spec;
  spec.vectors.resize(1);
  spec.vectors[0].size = 4;
  return spec;
}

result<void> with(const quantization_config& asked) {
  auto spec = sound();
  spec.quantization = asked;
  return validate(spec);
}

bool refused(const result<void>& outcome, errc code, const std::string& part) {
  if (outcome) return false;
  INFO(outcome.error().message);
  return outcome.error().code == code && outcome.error().message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("codes name the quantizer and its bits") {
  const auto name = [](quantization_kind kind, std::uint32_t bits) {
    const quantization_config asked{kind, bits, {}, {}};
    return std::string(asked.quantizer()) + std::to_string(asked.quantizer_bits());
  };
  CHECK(name(quantization_kind::none, 0) == "none0");
  CHECK(name(quantization_kind::scalar, 8) == "sq80");
  CHECK(name(quantization_kind::scalar, 4) == "sq40");
  CHECK(name(quantization_kind::binary, 0) == "binary1");
  CHECK(name(quantization_kind::binary, 3) == "binary3");
}

TEST_CASE("a vector's codes override the collection's, none included") {
  auto spec = sound();
  CHECK_FALSE(spec.quantization_for(spec.vectors[0]));
  spec.quantization = quantization_config{quantization_kind::scalar, 8, {}, {}};
  CHECK(spec.quantization_for(spec.vectors[0])->kind == quantization_kind::scalar);
  spec.vectors[0].quantization = quantization_config{};
  CHECK(spec.quantization_for(spec.vectors[0])->kind == quantization_kind::none);
}

TEST_CASE("codes with impossible bits are refused") {
  using kind = quantization_kind;
  for (const auto bits : {4u, 8u}) CHECK(with({kind::scalar, bits, {}, {}}));
  for (const auto bits : {0u, 1u, 16u})
    CHECK(refused(with({kind::scalar, bits, {}, {}}), errc::invalid_argument, "expected 4 or 8"));
  for (const auto bits : {0u, 1u, 4u}) CHECK(with({kind::binary, bits, {}, {}}));
  CHECK(refused(with({kind::binary, 5, {}, {}}), errc::invalid_argument,
                "quantization_config.binary.bits: 5, expected 0 to 4"));
  CHECK(refused(with({kind::none, 1, {}, {}}), errc::invalid_argument, "bits: 1"));
}

TEST_CASE("a quantile outside 0.5 to 1, or of codes without one, is refused") {
  using kind = quantization_kind;
  for (const auto good : {0.5F, 0.99F, 1.0F}) CHECK(with({kind::scalar, 8, good, {}}));
  for (const auto bad : {0.49F, 1.01F, -1.0F, std::numeric_limits<float>::quiet_NaN()})
    CHECK(refused(with({kind::scalar, 8, bad, {}}), errc::invalid_argument, "expected 0.5 to 1"));
  CHECK(refused(with({kind::binary, 1, 0.99F, {}}), errc::invalid_argument, "only scalar"));
  CHECK(refused(with({kind::none, 0, 0.99F, {}}), errc::invalid_argument, "only scalar"));
}

TEST_CASE("codes on disk beside vectors on disk are refused, elsewhere they are in memory anyway") {
  auto spec = sound();
  spec.quantization = quantization_config{quantization_kind::scalar, 8, {}, false};
  CHECK(validate(spec));
  spec.vectors[0].on_disk = true;
  CHECK(refused(validate(spec), errc::unsupported, "codes always lie in memory"));
  spec.quantization->always_ram = true;
  CHECK(validate(spec));
  spec.quantization->always_ram.reset();
  CHECK(validate(spec));
}

TEST_CASE("a vector's own codes are checked and named") {
  auto spec = sound();
  spec.vectors[0].name = "image";
  spec.vectors[0].quantization = quantization_config{quantization_kind::binary, 9, {}, {}};
  CHECK(refused(validate(spec), errc::invalid_argument,
                "vectors.'image'.quantization_config.binary.bits: 9"));
}

TEST_CASE("presets have names") {
  CHECK(to_string(index_preset::balanced) == "balanced");
  CHECK(parse_preset("fast") == index_preset::fast);
  CHECK_FALSE(parse_preset("Fast"));
  CHECK_FALSE(parse_preset(""));
}
