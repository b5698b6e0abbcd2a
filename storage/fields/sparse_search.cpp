// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_search.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "storage/fields/sparse_frequency.hpp"
#include "storage/fields/sparse_state.hpp"
#include "storage/fields/sparse_values.hpp"
#include "storage/fields/sparse_window.hpp"

namespace thespis::fields {
namespace {

// A search in progress. Estimates are sums of float32 in any order, of weights that are scaled so
// that none can overflow. `slack` bounds how far one is from the exact score, so an estimate
// decides only who is certainly not a hit; whoever may be one is scored exactly.
class searcher {
 public:
  searcher(const sparse_state& state, const sparse_query& query)
      : state_(state), query_(query), best_(query.k) {}

  std::vector<sparse_hit> run();

 private:
  // One segment's part in the search.
  struct part {
    const sparse_segment* segment = nullptr;
    std::vector<window_term> terms;
    float bound = 0;
    std::vector<const window_term*> skipped;  // By descending bound.
  };

  struct exact_score {
    double sum = 0;
    bool hit = false;
  };

  void search_tail();
  void scale();
  [[nodiscard]] std::vector<part> parts() const;
  void search_part(part& of);
  void search_window(const part& of, const page_filter& filter, std::uint32_t window);
  void choose_skipped(part& of) const;
  void tune(const part& of);
  void find_weights(const part& of, const window_term& term);
  void complete(const part& of, float bound_skipped);
  void keep_best();
  void score(const part& of);
  // Estimates below it are of no hit.
  [[nodiscard]] float cut() const {
    const double floor = std::max(std::ldexp(best_.floor(), -exponent_), floor_);
    return static_cast<float>(floor - slack_);
  }

  const sparse_state& state_;
  const sparse_query& query_;
  std::vector<query_term> terms_;
  best_hits best_;
  int exponent_ = 0;
  double slack_ = 0;
  double floor_ = -std::numeric_limits<double>::infinity();  // Of k estimates, less the slack.
  window_scores scores_;
  std::vector<estimate> estimates_;
  std::vector<const float*> weights_;
  std::vector<exact_score> exact_;
  double share_skipped_ = 0.5;  // Of the floor, that skipped lists may add up to.
  std::uint64_t lookups_ = 0;
};

std::vector<sparse_hit> searcher::run() {
  for (std::size_t at = 0; at < query_.indices.size(); ++at)
    terms_.push_back({query_.indices[at], static_cast<double>(query_.values[at]), 0});
  if (query_.k == 0 || terms_.empty()) return {};
  if (query_.idf) weigh_by_frequency(state_, query_, terms_);
  search_tail();
  scale();
  auto all = parts();
  // The segment that may have the best hits first: the sooner the floor rises the more is skipped.
  std::stable_sort(all.begin(), all.end(),
                   [](const part& a, const part& b) { return a.bound > b.bound; });
  for (auto& one : all) search_part(one);
  return best_.take();
}

void searcher::search_tail() {
  const term_filter wanted(terms_);
  for (const auto& row : state_.tail->rows()) {
    if (row.slot >= query_.end_slot) break;
    if (query_.dead != nullptr && query_.dead->contains(row.slot)) continue;
    if (query_.allowed != nullptr && !query_.allowed->contains(row.slot)) continue;
    double sum = 0;
    bool hit = false;
    wanted.match(row, [&](std::size_t term, float value) {
      hit = true;
      sum += terms_[term].weight * static_cast<double>(value);
    });
    if (hit) best_.offer({row.slot, score_of(sum)});
  }
}

// Chooses the exponent so that no sum of products exceeds 1, and no weight 2^100.
void searcher::scale() {
  double bound = 0;
  double weight_max = 0;
  for (const auto& term : terms_) {
    float value = 0;
    for (const auto& segment : state_.segments)
      if (const auto* list = segment->find(term.dimension))
        value = std::max({value, list->most, -list->least});
    bound += std::abs(term.weight) * static_cast<double>(value);
    weight_max = std::max(weight_max, std::abs(term.weight));
  }
  int weight_exponent = 0;
  std::frexp(bound, &exponent_);
  std::frexp(weight_max, &weight_exponent);
  exponent_ = std::max(exponent_, weight_exponent - 100);
  for (auto& term : terms_) term.scaled = static_cast<float>(std::ldexp(term.weight, -exponent_));
  // A term is rounded thrice: its weight, its product, its addition. Products and weights that
  // vanish for being tiny are below 2^-120 together.
  constexpr double rounding = 0x1p-22;
  slack_ =
      std::ldexp(bound, -exponent_) * static_cast<double>(terms_.size() + 8) * rounding + 0x1p-120;
}

std::vector<searcher::part> searcher::parts() const {
  std::vector<part> all;
  for (const auto& segment : state_.segments) {
    if (page_filter(query_, segment->base()).none()) continue;
    part one;
    one.segment = segment.get();
    for (std::uint32_t at = 0; at < terms_.size(); ++at)
      if (const auto* list = segment->find(terms_[at].dimension)) {
        one.terms.emplace_back(*segment, *list, at, terms_[at].scaled);
        one.bound += one.terms.back().bound;
      }
    if (!one.terms.empty()) all.push_back(std::move(one));
  }
  return all;
}

// Source: Turtle & Flood 1995 (MaxScore): a point that has only skipped terms cannot be a hit. They
// are chosen for the work that they save, not for their bounds alone.
void searcher::choose_skipped(part& of) const {
  constexpr std::uint32_t count_min = window_slots;
  const float budget = cut() * static_cast<float>(share_skipped_);
  for (auto& term : of.terms) term.skipped = false;
  of.skipped.clear();
  if (!(budget > 0)) return;
  std::vector<window_term*> order;
  for (auto& term : of.terms)
    if (term.list->count >= count_min) order.push_back(&term);
  std::sort(order.begin(), order.end(), [](const window_term* a, const window_term* b) {
    return a->cost() * b->bound > b->cost() * a->bound;
  });
  float sum = 0;
  for (auto* term : order) {
    if (sum + term->bound > budget) continue;
    sum += term->bound;
    term->skipped = true;
    of.skipped.push_back(term);
  }
  std::sort(of.skipped.begin(), of.skipped.end(),
            [](const window_term* a, const window_term* b) { return a->bound > b->bound; });
}

// Skips more next time if completing the estimates was cheap beside what was saved.
void searcher::tune(const part& of) {
  double saved = 0;
  for (const auto& term : of.terms)
    if (term.skipped) saved += static_cast<double>(term.cost());
  constexpr double postings_per_lookup = 128;  // Most miss the caches.
  const double spent = static_cast<double>(lookups_) * postings_per_lookup;
  if (spent > saved / 2)
    share_skipped_ *= 0.85;
  else if (spent < saved / 8)
    share_skipped_ = std::min(0.9, share_skipped_ * 1.1);
  lookups_ = 0;
}

void searcher::search_part(part& of) {
  const page_filter filter(query_, of.segment->base());
  choose_skipped(of);
  for (std::uint32_t window = of.segment->first_window(); window <= of.segment->last_window();
       ++window) {
    for (auto& term : of.terms) term.enter(window);
    search_window(of, filter, window);
  }
  tune(of);
}

void searcher::search_window(const part& of, const page_filter& filter, std::uint32_t window) {
  float bound = 0;
  float bound_skipped = 0;
  std::uint64_t postings = 0;
  for (const auto& term : of.terms) {
    bound += term.window_bound;
    if (term.skipped) bound_skipped += term.window_bound;
    postings += term.window_count;
  }
  if (postings == 0 || bound < cut()) return;
  const auto passing = scores_.admit(*of.segment, filter, window);
  if (passing == 0) return;
  estimates_.clear();
  constexpr std::uint64_t postings_per_lookup = 32;
  if (passing * of.terms.size() * postings_per_lookup < postings + window_slots / 4) {
    scores_.for_each_admitted([&](offset_t offset) { estimates_.push_back({offset, 0}); });
    score(of);
    return;
  }
  // Where points without a posting could pass for hits, they have to be told from those with one.
  const bool all = !(cut() - bound_skipped > 0);
  if (all) bound_skipped = 0;
  scores_.add(of.terms, window, all);
  scores_.take_above(cut() - bound_skipped, window, all, estimates_);
  if (bound_skipped > 0) complete(of, bound_skipped);
  keep_best();
  score(of);
}

// Finds a term's weights for all estimates, or null. Asks for all before the first is needed, as
// most are not in a cache.
void searcher::find_weights(const part& of, const window_term& term) {
  weights_.resize(estimates_.size());
  for (std::size_t at = 0; at < estimates_.size(); ++at) {
    weights_[at] = term.list->dense() ? of.segment->array_of(*term.list) + estimates_[at].offset
                                      : of.segment->weight_at(*term.list, estimates_[at].offset);
    __builtin_prefetch(weights_[at]);
  }
}

// Completes the estimates with the terms that were skipped, as long as they may be hits.
void searcher::complete(const part& of, float bound_skipped) {
  const float least = cut();
  for (const auto* term : of.skipped) {
    if (term->window_count == 0) continue;
    lookups_ += estimates_.size();
    find_weights(of, *term);
    bound_skipped -= term->window_bound;
    std::size_t kept = 0;
    for (std::size_t at = 0; at < estimates_.size(); ++at) {
      auto one = estimates_[at];
      if (weights_[at] != nullptr) one.score += term->weight * *weights_[at];
      if (one.score + bound_skipped >= least) estimates_[kept++] = one;
    }
    estimates_.resize(kept);
  }
}

// Of k estimates the least is a floor of the answer, so only those near it or above need scoring.
void searcher::keep_best() {
  if (estimates_.size() <= query_.k) return;
  const auto nth = estimates_.begin() + static_cast<std::ptrdiff_t>(query_.k) - 1;
  std::nth_element(estimates_.begin(), nth, estimates_.end(),
                   [](const estimate& a, const estimate& b) { return a.score > b.score; });
  floor_ = std::max(floor_, static_cast<double>(nth->score) - slack_);
  const float least = cut();
  std::erase_if(estimates_, [least](const estimate& one) { return one.score < least; });
}

// Scores the estimated slots exactly.
void searcher::score(const part& of) {
  exact_.assign(estimates_.size(), {});
  for (const auto& term : of.terms) {
    if (term.window_count == 0) continue;
    find_weights(of, term);
    const double weight = terms_[term.term].weight;
    const bool dense = term.list->dense();
    for (std::size_t at = 0; at < estimates_.size(); ++at) {
      if (weights_[at] == nullptr || (dense && !sparse_segment::is_posting(*weights_[at])))
        continue;
      exact_[at].sum += weight * static_cast<double>(*weights_[at]);
      exact_[at].hit = true;
    }
  }
  for (std::size_t at = 0; at < estimates_.size(); ++at)
    if (exact_[at].hit)
      best_.offer({of.segment->base() + estimates_[at].offset, score_of(exact_[at].sum)});
}

}  // namespace

result<std::vector<sparse_hit>> sparse_snapshot::search(const sparse_query& query) const {
  THESPIS_CHECK(check_values(query.indices, query.values));
  if (state_ == nullptr) return std::vector<sparse_hit>{};
  return searcher(*state_, query).run();
}

}  // namespace thespis::fields
