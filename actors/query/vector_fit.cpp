// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/vector_fit.hpp"

#include "core/limits.hpp"
#include "core/vector_values.hpp"

namespace thespis::actors {

namespace {

const char* shape_of(vector_shape shape) noexcept {
  switch (shape) {
    case vector_shape::dense: return "a list of numbers";
    case vector_shape::sparse: return "indices and values";
    case vector_shape::multivector: return "a list of rows";
  }
  return "something else";
}

error misshapen(const std::string& name, vector_shape given, vector_shape expected) {
  return {errc::invalid_argument,
          describe_vector(name) + " is " + shape_of(given) + ", expected " + shape_of(expected)};
}

result<void> check_size(const std::string& name, std::size_t given, std::uint32_t expected) {
  if (given == expected) return ok();
  return error(errc::dimension_mismatch, describe_vector(name) + " has " + std::to_string(given) +
                                             " dimensions, expected " + std::to_string(expected));
}

result<void> check_numbers(const std::string& name, std::span<const float> values) {
  const auto sound = check_values(values);
  if (sound) return ok();
  return error(sound.error().code, describe_vector(name) + ": " + sound.error().message);
}

// A row of its own for each length that is added up.
result<void> check_rows(const std::string& name, const named_vector& vector) {
  for (std::size_t i = 0; i < vector.values.size(); i += vector.size)
    THESPIS_CHECK(check_numbers(name, std::span(vector.values).subspan(i, vector.size)));
  return ok();
}

}  // namespace

std::string describe_vector(const std::string& name) {
  return name.empty() ? std::string("vector") : "vector '" + name + "'";
}

result<void> fit_query(const vector_spec& spec, const named_vector& query) {
  if (spec.multivector) {
    // One row is a dense vector, too.
    if (query.shape == vector_shape::dense) {
      THESPIS_CHECK(check_size(spec.name, query.values.size(), spec.size));
      return check_numbers(spec.name, query.values);
    }
    if (query.shape != vector_shape::multivector)
      return misshapen(spec.name, query.shape, vector_shape::multivector);
    if (query.values.empty())
      return error(errc::invalid_argument, describe_vector(spec.name) + " has no row");
    THESPIS_CHECK(check_size(spec.name, query.size, spec.size));
    return check_rows(spec.name, query);
  }
  if (query.shape != vector_shape::dense)
    return misshapen(spec.name, query.shape, vector_shape::dense);
  THESPIS_CHECK(check_size(spec.name, query.values.size(), spec.size));
  return check_numbers(spec.name, query.values);
}

result<void> fit_query(const sparse_vector_spec& spec, const named_vector& query) {
  // An empty list says nothing of its kind.
  const bool is_empty = query.shape == vector_shape::dense && query.values.empty();
  if (query.shape != vector_shape::sparse && !is_empty)
    return misshapen(spec.name, query.shape, vector_shape::sparse);
  if (query.values.size() > limits::sparse_values_max)
    return error(errc::too_large, describe_vector(spec.name) + " has " +
                                      std::to_string(query.values.size()) + " values, at most " +
                                      std::to_string(limits::sparse_values_max));
  return check_numbers(spec.name, query.values);
}

result<void> fit_vector(const collection_spec& spec, named_vector& vector) {
  element_type elements = element_type::float32;
  if (const auto* dense = spec.find(vector.name); dense != nullptr) {
    THESPIS_CHECK(fit_query(*dense, vector));
    elements = dense->elements;
    if (dense->multivector) {
      vector.shape = vector_shape::multivector;
      vector.size = dense->size;
    }
  } else if (const auto* sparse = spec.find_sparse(vector.name); sparse != nullptr) {
    THESPIS_CHECK(fit_query(*sparse, vector));
    elements = sparse->elements;
    vector.shape = vector_shape::sparse;
  } else {
    return error(errc::invalid_argument,
                 vector.name.empty() ? std::string("the collection's vectors have names")
                                     : "the collection has no vector '" + vector.name + "'");
  }
  vector.elements = elements;
  const auto rounded = round_values(vector.values, elements);
  if (rounded) return ok();
  return error(rounded.error().code, describe_vector(vector.name) + ": " + rounded.error().message);
}

}  // namespace thespis::actors
