// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/shape_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/index_hnsw/file_buffer.hpp"

namespace thespis::hnsw {
namespace {

static_assert(std::endian::native == std::endian::little,
              "saved graphs are little-endian and written as they lie in memory");

constexpr std::uint32_t magic = 0x57534E48u;  // "HNSW"
constexpr std::uint32_t format = 2;
constexpr std::size_t quantizer_name_bytes = 32;

constexpr std::uint32_t ef_default_max = 4096;

struct header {
  std::uint32_t magic;
  std::uint32_t format;
  std::uint32_t m;
  std::uint32_t count;
  std::uint32_t entry_node;
  std::uint32_t entry_level;
  std::uint32_t code_bytes;  // 0: there are no codes
  std::uint32_t refinement_bytes;
  std::uint32_t bits;
  std::uint32_t ef_default;
  char quantizer[quantizer_name_bytes];  // filled up with zeros
};

[[noreturn]] void corrupt(const std::string& what) {
  throw plugin::failure(THESPIS_CORRUPTION, "saved graph: " + what);
}

// The nodes that are saved; one that is published later is left out everywhere.
struct selection {
  selection(const graph& nodes, std::uint32_t end_slot) : number(nodes.end_node(), no_node) {
    for (std::uint32_t node = 0; node < number.size(); ++node) {
      if (!nodes.present(node) || nodes.slot_of(node) >= end_slot) continue;
      number[node] = static_cast<std::uint32_t>(chosen.size());
      chosen.push_back(node);
    }
  }

  // Of the link's target, or `no_node` if it is not saved.
  [[nodiscard]] std::uint32_t number_of(std::uint32_t node) const noexcept {
    return node < number.size() ? number[node] : no_node;
  }

  std::vector<std::uint32_t> chosen;
  std::vector<std::uint32_t> number;  // in the file, of each node
};

entry_point entry_of(const graph& nodes, entry_point now, const selection& saved) {
  if (saved.number_of(now.node) != no_node) return {saved.number_of(now.node), now.level};
  entry_point best;
  for (const std::uint32_t node : saved.chosen) {
    const std::uint32_t level = nodes.level_of(node);
    if (best.node == no_node || level > best.level) best = {saved.number[node], level};
  }
  return best;
}

void write_lists(const graph& nodes, const selection& saved, buffered_writer& file) {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t node : saved.chosen) {
    for (std::uint32_t layer = 0; layer <= nodes.level_of(node); ++layer) {
      const link_list list = nodes.links(node, layer);
      kept.clear();
      for (std::uint32_t i = 0; i < list.capacity(); ++i) {
        const link_word word = list.load(i);
        if (word == 0) break;
        const std::uint32_t target = saved.number_of(target_of(word));
        if (target != no_node) kept.push_back(target);
      }
      const auto links = static_cast<std::uint16_t>(kept.size());
      file.write(&links, sizeof(links));
      file.write(kept.data(), kept.size() * sizeof(std::uint32_t));
    }
  }
}

void write_codes(const codebook& codes, const selection& saved, buffered_writer& file) {
  std::vector<std::byte> learnt;
  thespis_writer to{};
  to.struct_size = sizeof(to);
  to.end_slot = 0;
  to.context = &learnt;
  to.write = [](void* context, const void* data, std::size_t bytes) noexcept -> thespis_status {
    auto& all = *static_cast<std::vector<std::byte>*>(context);
    const auto* first = static_cast<const std::byte*>(data);
    try {
      all.insert(all.end(), first, first + bytes);
    } catch (const std::exception&) {
      return THESPIS_OUT_OF_MEMORY;
    }
    return THESPIS_OK;
  };
  codes.codes().save(to);
  const auto bytes = static_cast<std::uint32_t>(learnt.size());
  file.write(&bytes, sizeof(bytes));
  file.write(learnt.data(), learnt.size());
  const auto& layout = codes.codes().layout();
  for (const std::uint32_t node : saved.chosen) {
    file.write(codes.code(node), layout.code_bytes);
    if (codes.refines()) file.write(codes.refinement(node), layout.refinement_bytes);
  }
}

}  // namespace

void save_shape(const shape& saved, const encoding& how, plugin::writer& out) {
  const graph& nodes = saved.nodes;
  // Taken first: an entry point is published before it becomes one, and codes are made of what is
  // published before they are there.
  const entry_point entry = nodes.entry();
  const codebook* const codes = saved.codes();
  const selection chosen(nodes, out.end_slot());
  const entry_point start = entry_of(nodes, entry, chosen);

  header head{};
  head.magic = magic;
  head.format = format;
  head.m = nodes.m();
  head.count = static_cast<std::uint32_t>(chosen.chosen.size());
  head.entry_node = start.node;
  head.entry_level = start.level;
  head.ef_default = saved.ef_default;
  if (codes != nullptr) {
    head.code_bytes = codes->codes().layout().code_bytes;
    head.refinement_bytes = codes->codes().layout().refinement_bytes;
    head.bits = how.bits();
    std::memcpy(head.quantizer, how.name().data(),
                std::min(how.name().size(), quantizer_name_bytes));
  }
  buffered_writer file(out);
  file.write(&head, sizeof(head));
  for (const std::uint32_t node : chosen.chosen) {
    const std::uint32_t slot = nodes.slot_of(node);
    file.write(&slot, sizeof(slot));
  }
  for (const std::uint32_t node : chosen.chosen) {
    const auto level = static_cast<std::uint8_t>(nodes.level_of(node));
    file.write(&level, sizeof(level));
  }
  write_lists(nodes, chosen, file);
  if (codes != nullptr) write_codes(*codes, chosen, file);
  file.flush();
}

namespace {

header read_header(const graph& nodes, const encoding& how, buffered_reader& file) {
  header head{};
  file.read(&head, sizeof(head));
  if (head.magic != magic) corrupt("wrong magic number");
  if (head.format != format) corrupt("unknown format " + std::to_string(head.format));
  if (head.m != nodes.m())
    corrupt("m is " + std::to_string(head.m) + ", expected " + std::to_string(nodes.m()));
  if (head.ef_default == 0 || head.ef_default > ef_default_max)
    corrupt("effort " + std::to_string(head.ef_default));
  if (head.count > nodes_max || head.count > file.left()) corrupt("more nodes than bytes");
  if (head.code_bytes == 0) return head;
  char expected[quantizer_name_bytes] = {};
  std::memcpy(expected, how.name().data(), std::min(how.name().size(), quantizer_name_bytes));
  if (std::memcmp(expected, head.quantizer, quantizer_name_bytes) != 0 || head.bits != how.bits())
    corrupt("its codes are not of quantizer '" + how.name() + "'");
  return head;
}

// Slots and levels, which are checked before anything is allocated for them.
void read_nodes(graph& nodes, const header& head, std::uint32_t end_slot, buffered_reader& file) {
  std::vector<std::uint32_t> slots(head.count);
  std::vector<std::uint8_t> levels(head.count);
  file.read(slots.data(), slots.size() * sizeof(std::uint32_t));
  file.read(levels.data(), levels.size());
  std::vector<bool> known(end_slot);
  // A node needs at least the count of each of its lists.
  std::uint64_t lists = 0;
  for (std::uint32_t node = 0; node < head.count; ++node) {
    if (slots[node] >= end_slot) corrupt("slot " + std::to_string(slots[node]) + " has no row");
    if (known[slots[node]]) corrupt("slot " + std::to_string(slots[node]) + " has two nodes");
    known[slots[node]] = true;
    if (levels[node] > level_max) corrupt("level " + std::to_string(levels[node]));
    lists += levels[node] + std::uint64_t{1};
  }
  if (lists * sizeof(std::uint16_t) > file.left()) corrupt("more lists than bytes");
  if (head.count != 0 &&
      (head.entry_node >= head.count || levels[head.entry_node] != head.entry_level))
    corrupt("entry point is not a node of its level");
  for (std::uint32_t node = 0; node < head.count; ++node)
    (void)nodes.add(slots[node], levels[node]);
}

void read_lists(graph& nodes, std::uint32_t count, buffered_reader& file) {
  std::vector<std::uint32_t> links(std::size_t{2} * nodes.m());
  for (std::uint32_t node = 0; node < count; ++node) {
    for (std::uint32_t layer = 0; layer <= nodes.level_of(node); ++layer) {
      link_list list = nodes.links(node, layer);
      std::uint16_t used = 0;
      file.read(&used, sizeof(used));
      if (used > list.capacity()) corrupt("too many links at node " + std::to_string(node));
      file.read(links.data(), used * sizeof(std::uint32_t));
      for (std::uint32_t i = 0; i < used; ++i) {
        if (links[i] >= count || links[i] == node || nodes.level_of(links[i]) < layer)
          corrupt("a link of node " + std::to_string(node) + " leads nowhere");
        list.store(i, links[i] + 1);
      }
    }
  }
}

// Hands out bytes that lie in memory.
struct memory_reader {
  std::vector<std::byte> bytes;
  std::size_t at = 0;

  static thespis_status read(void* context, void* data, std::size_t bytes) noexcept {
    auto& self = *static_cast<memory_reader*>(context);
    if (bytes > self.bytes.size() - self.at) return THESPIS_CORRUPTION;
    std::memcpy(data, self.bytes.data() + self.at, bytes);
    self.at += bytes;
    return THESPIS_OK;
  }
};

std::unique_ptr<codebook> read_codes(const encoding& how, const header& head,
                                     buffered_reader& file) {
  std::uint32_t bytes = 0;
  file.read(&bytes, sizeof(bytes));
  if (bytes > file.left()) corrupt("what its quantizer learnt is too long");
  memory_reader learnt{std::vector<std::byte>(bytes)};
  file.read(learnt.bytes.data(), bytes);
  thespis_reader from{};
  from.struct_size = sizeof(from);
  from.context = &learnt;
  from.bytes = bytes;
  from.read = memory_reader::read;
  auto codes = how.make();
  codes->codes().load(from);
  const auto& layout = codes->codes().layout();
  if (layout.code_bytes != head.code_bytes || layout.refinement_bytes != head.refinement_bytes)
    corrupt("its codes have another length");
  if (std::uint64_t{head.count} * (head.code_bytes + std::uint64_t{head.refinement_bytes}) !=
      file.left())
    corrupt("it does not end with its codes");
  for (std::uint32_t node = 0; node < head.count; ++node) {
    codes->add(node);
    file.read(codes->code(node), layout.code_bytes);
    if (codes->refines()) file.read(codes->refinement(node), layout.refinement_bytes);
  }
  return codes;
}

}  // namespace

entry_point load_shape(shape& empty, const encoding& how, plugin::reader& in) {
  buffered_reader file(in);
  const header head = read_header(empty.nodes, how, file);
  read_nodes(empty.nodes, head, in.end_slot(), file);
  read_lists(empty.nodes, head.count, file);
  if (head.code_bytes != 0) empty.adopt(read_codes(how, head, file));
  if (file.left() != 0) corrupt("bytes after its end");
  empty.ef_default = head.ef_default;
  return head.count == 0 ? entry_point{} : entry_point{head.entry_node, head.entry_level};
}

}  // namespace thespis::hnsw
