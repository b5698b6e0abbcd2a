// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/subject.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace thespis::bench {
namespace {

struct entry {
  const char* name;
  bool exact;
  std::unique_ptr<subject> (*build)(const dataset& data, const plugins::registry& all,
                                    const build_params& params);
};

std::unique_ptr<subject> thespis_graph(const dataset& data, const plugins::registry& all,
                                       const build_params& params) {
  plugin_params made;
  made.index.hnsw.m = params.m;
  made.index.hnsw.ef_construct = params.ef_construct;
  made.index.fast = params.fast;
  made.index.quantizer = params.quantizer;
  made.index.quantizer_bits = params.bits;
  return build_plugin(data, all, made, params.threads);
}

std::unique_ptr<subject> thespis_fast(const dataset& data, const plugins::registry& all,
                                      const build_params& params) {
  plugin_params made;
  made.index.hnsw.m = params.m;
  made.index.hnsw.ef_construct = params.ef_construct;
  made.index.fast = true;
  return build_plugin(data, all, made, params.threads);
}

std::unique_ptr<subject> thespis_flat(const dataset& data, const plugins::registry& all,
                                      const build_params& /*params*/) {
  return build_exact(data, all);
}

std::unique_ptr<subject> hnswlib_graph(const dataset& data, const plugins::registry& /*all*/,
                                       const build_params& params) {
  return build_hnswlib(data, params);
}

template <faiss_kind Kind>
std::unique_ptr<subject> faiss_index(const dataset& data, const plugins::registry& /*all*/,
                                     const build_params& params) {
  return build_faiss(data, Kind, params);
}

constexpr entry entries[] = {
    {"hnswlib", false, hnswlib_graph},
    {"faiss", false, faiss_index<faiss_kind::hnsw>},
    {"faiss_sq8", false, faiss_index<faiss_kind::hnsw_sq8>},
    {"faiss_flat", true, faiss_index<faiss_kind::flat>},
    {"thespis", false, thespis_graph},
    {"thespis_fast", false, thespis_fast},
    {"thespis_flat", true, thespis_flat},
};

const entry& entry_of(const std::string& name) {
  const auto* const found = std::find_if(std::begin(entries), std::end(entries),
                                         [&](const entry& one) { return name == one.name; });
  if (found == std::end(entries)) throw std::runtime_error("no subject '" + name + "'");
  return *found;
}

}  // namespace

void single_query_subject::search_all(const matrix& queries, const search_task& task,
                                      answers& out) {
  prepare(task);
  const auto part = [&](std::size_t first) {
    for (std::size_t q = first; q < queries.rows; q += task.threads)
      out.counts[q] = search(queries.row(q), task, out.rows.data() + q * task.k);
  };
  std::vector<std::jthread> others;
  for (unsigned t = 1; t < task.threads; ++t) others.emplace_back(part, t);
  part(0);
}

std::vector<std::string> subject_names() {
  std::vector<std::string> names;
  for (const auto& one : entries) names.emplace_back(one.name);
  return names;
}

bool is_exact(const std::string& name) { return entry_of(name).exact; }

std::unique_ptr<subject> build_subject(const std::string& name, const dataset& data,
                                       const plugins::registry& all, const build_params& params) {
  return entry_of(name).build(data, all, params);
}

}  // namespace thespis::bench
