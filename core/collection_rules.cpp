// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/collection_rules.hpp"

#include <algorithm>
#include <string>

#include "core/search_request.hpp"

namespace thespis {

namespace {

error refused(std::string_view what, const std::string& value, std::string_view rule,
              const std::string& most) {
  return {errc::permission_denied, "strict mode: '" + std::string(what) + "' is " + value +
                                       ", but " + std::string(rule) + " allows at most " + most};
}

std::string_view name_of(std::optional<std::uint64_t> strict_mode::*rule) {
  const auto found = std::find_if(std::begin(strict_counts), std::end(strict_counts),
                                  [&](const strict_count& one) { return one.at == rule; });
  return found == std::end(strict_counts) ? std::string_view() : found->name;
}

}  // namespace

strict_mode strict_mode::with(const strict_mode& change) const noexcept {
  auto made = *this;
  if (change.enabled) made.enabled = change.enabled;
  if (change.search_allow_exact) made.search_allow_exact = change.search_allow_exact;
  if (change.search_max_oversampling) made.search_max_oversampling = change.search_max_oversampling;
  for (const auto& one : strict_counts)
    if (change.*one.at) made.*one.at = change.*one.at;
  return made;
}

result<void> check_rule(const std::optional<strict_mode>& rules,
                        std::optional<std::uint64_t> strict_mode::*most, std::string_view what,
                        std::uint64_t value) {
  if (!rules || !rules->holds()) return ok();
  const auto& allowed = (*rules).*most;
  if (!allowed || value <= *allowed) return ok();
  return refused(what, std::to_string(value), name_of(most), std::to_string(*allowed));
}

result<void> check_rules(const std::optional<strict_mode>& rules, const search_request& request) {
  if (!rules || !rules->holds()) return ok();
  THESPIS_CHECK(check_rule(rules, &strict_mode::max_query_limit, "limit", request.limit));
  if (request.hnsw_ef)
    THESPIS_CHECK(check_rule(rules, &strict_mode::search_max_hnsw_ef, "hnsw_ef", *request.hnsw_ef));
  if (request.exact && !rules->search_allow_exact.value_or(true))
    return error(errc::permission_denied,
                 "strict mode: 'exact' is true, but search_allow_exact is false");
  const auto& most = rules->search_max_oversampling;
  const auto& asked = request.codes.oversampling;
  if (most && asked && *asked > *most)
    return refused("oversampling", std::to_string(*asked), "search_max_oversampling",
                   std::to_string(*most));
  return ok();
}

result<void> check_rules(const std::optional<strict_mode>& rules,
                         const search_batch_request& batch) {
  THESPIS_CHECK(
      check_rule(rules, &strict_mode::search_max_batchsize, "searches", batch.searches.size()));
  for (std::size_t i = 0; i < batch.searches.size(); ++i)
    if (const auto good = check_rules(rules, batch.searches[i]); !good)
      return error(good.error().code,
                   "searches[" + std::to_string(i) + "]: " + good.error().message);
  return ok();
}

}  // namespace thespis
