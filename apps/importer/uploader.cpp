// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/uploader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/client/api.hpp"
#include "apps/importer/upload_body.hpp"

namespace thespis::importer {

namespace {

using namespace std::chrono_literals;

constexpr auto progress_interval = 200ms;

std::size_t rows_per_batch(const point_source& source, const upload_options& options) {
  std::size_t row_bytes = 0;
  for (const auto& shape : source.shapes()) row_bytes += shape.size * sizeof(float);
  return std::clamp<std::size_t>(options.batch_bytes_max / std::max<std::size_t>(row_bytes, 1), 1,
                                 options.batch_rows);
}

// A batch that was sent: how many of its points are stored, and why not all.
struct sent_batch {
  std::size_t points = 0;
  std::optional<error> failure;
};

// The points that a message is about, `from` on.
std::string name_of(const point_batch& batch, std::size_t from) {
  if (!batch.json.empty() && from < batch.lines.size())
    return batch.file + " line " + std::to_string(batch.lines[from]);
  return "rows " + std::to_string(batch.first_row + from) + " to " +
         std::to_string(batch.first_row + batch.points() - 1);
}

// What the connections share. The file is read by whoever needs the next batch.
class upload_run {
 public:
  upload_run(point_source& source, const upload_options& options)
      : source_(source),
        options_(options),
        batch_rows_(rows_per_batch(source, options)),
        rows_left_(options.rows_max),
        target_(client::collection_path(options.collection) + "/points?wait=true") {}

  // Works until nothing is left or something has failed.
  void work() {
    client::http_client client(options_.server, options_.client);
    for (;;) {
      const auto batch = next();
      if (!batch) break;
      const auto sent = send(client, *batch);
      {
        const std::lock_guard lock(mutex_);
        points_ += sent.points;
        if (!sent.failure) in_flight_.erase(batch->first_row);
      }
      if (sent.failure)
        fail(batch->first_row + sent.points,
             name_of(*batch, sent.points) + ": " + sent.failure->message, sent.failure->code);
    }
    {
      const std::lock_guard lock(mutex_);
      ++ended_;
    }
    changed_.notify_all();
  }

  // Waits for `workers` to end.
  upload_outcome watch(unsigned workers, const upload_observer& observer) {
    std::unique_lock lock(mutex_);
    while (ended_ < workers) {
      changed_.wait_for(lock, progress_interval);
      const upload_status status{points_, safe_row()};
      lock.unlock();
      const bool go_on = observer(status);
      lock.lock();
      stopped_ = stopped_ || !go_on;
    }
    if (stopped_ && !failure_ && !finished_) {
      failure_ = error(errc::cancelled, "interrupted");
      resume_row_ = safe_row();
    }
    return {points_, failure_, resume_row_};
  }

 private:
  // Every row before it is stored; needs the lock.
  std::uint64_t safe_row() const { return in_flight_.empty() ? read_row_ : *in_flight_.begin(); }

  std::optional<point_batch> next() {
    const std::lock_guard reading(source_mutex_);
    {
      const std::lock_guard lock(mutex_);
      if (failure_ || stopped_) return std::nullopt;
    }
    const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(batch_rows_, rows_left_));
    if (rows == 0) return finish();
    auto batch = source_.read(rows);
    if (!batch) {
      fail(next_row_, batch.error().message, batch.error().code);
      return std::nullopt;
    }
    rows_left_ -= batch->points();
    next_row_ = batch->first_row + batch->points();
    if (batch->points() == 0) {
      rows_left_ = 0;
      return finish();
    }
    const std::lock_guard lock(mutex_);
    in_flight_.insert(batch->first_row);
    read_row_ = next_row_;
    return std::move(*batch);
  }

  std::optional<point_batch> finish() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    return std::nullopt;
  }

  sent_batch send(client::http_client& client, const point_batch& batch) const {
    auto done = send_points(client, batch);
    if (done) return {batch.points(), std::nullopt};
    if (done.error().code != errc::invalid_argument || batch.json.size() < 2)
      return {0, done.error()};
    return send_up_to_bad(client, batch);
  }

  // A refused batch has stored nothing. Halves narrow down the first point that is refused.
  sent_batch send_up_to_bad(client::http_client& client, const point_batch& batch) const {
    std::size_t stored = 0;
    auto step = batch.json.size() / 2;
    for (;;) {
      step = std::min(step, batch.json.size() - stored);
      if (step == 0) return {stored, std::nullopt};
      point_batch part;
      part.json.assign(batch.json.begin() + static_cast<std::ptrdiff_t>(stored),
                       batch.json.begin() + static_cast<std::ptrdiff_t>(stored + step));
      const auto done = send_points(client, part);
      if (done) {
        stored += step;
      } else if (done.error().code != errc::invalid_argument || step == 1) {
        return {stored, done.error()};
      } else {
        step /= 2;
      }
    }
  }

  result<void> send_points(client::http_client& client, const point_batch& batch) const {
    THESPIS_TRY(const upload_body body, encode_upload(batch));
    client::http_request request;
    request.method = client::method::put;
    request.target = target_;
    request.body = body.bytes;
    request.content_type = body.content_type;
    const auto answer = client::fetch(client, request, options_.attempts);
    if (answer) return ok();
    auto failure = answer.error();
    if (failure.code == errc::too_large)
      failure.message += "; a smaller --batch makes smaller requests";
    return failure;
  }

  // The failure that counts is that of the earliest row: what is before it is stored.
  void fail(std::uint64_t row, std::string message, errc code) {
    const std::lock_guard lock(mutex_);
    if (failure_ && resume_row_ <= row) return;
    failure_ = error(code, std::move(message));
    resume_row_ = row;
  }

  point_source& source_;
  const upload_options& options_;
  const std::size_t batch_rows_;
  std::mutex source_mutex_;  // guards source_, rows_left_, next_row_
  std::uint64_t rows_left_;
  std::uint64_t next_row_ = 0;
  const std::string target_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t points_ = 0;
  std::set<std::uint64_t> in_flight_;  // first rows of batches that are not stored
  std::uint64_t read_row_ = 0;         // behind the last batch that was read
  unsigned ended_ = 0;
  bool stopped_ = false;   // by the observer
  bool finished_ = false;  // the source has no more
  std::optional<error> failure_;
  std::uint64_t resume_row_ = 0;
};

}  // namespace

upload_outcome upload(point_source& source, const upload_options& options,
                      const upload_observer& observer) {
  upload_run run(source, options);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < options.connections; ++i) workers.emplace_back([&run] { run.work(); });
  auto outcome = run.watch(options.connections, observer);
  for (auto& worker : workers) worker.join();
  return outcome;
}

}  // namespace thespis::importer
