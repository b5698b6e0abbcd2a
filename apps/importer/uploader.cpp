// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/uploader.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "apps/client/api.hpp"
#include "apps/importer/upload_body.hpp"

namespace thespis::importer {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t wait_s_max = 30;
constexpr auto progress_interval = 200ms;

std::size_t rows_per_batch(const point_source& source, const upload_options& options) {
  std::size_t row_bytes = 0;
  for (const auto& shape : source.shapes()) row_bytes += shape.size * sizeof(float);
  return std::clamp<std::size_t>(options.batch_bytes_max / std::max<std::size_t>(row_bytes, 1), 1,
                                 options.batch_rows);
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
      if (const auto done = send(client, *batch)) {
        const std::lock_guard lock(mutex_);
        points_ += batch->ids.size();
      } else {
        fail(batch->first_row, name_of(*batch) + ": " + done.error().message, done.error().code);
      }
    }
    {
      const std::lock_guard lock(mutex_);
      ++ended_;
    }
    changed_.notify_all();
  }

  // Waits for `workers` to end.
  upload_outcome watch(unsigned workers, const std::function<void(std::uint64_t)>& progress) {
    std::unique_lock lock(mutex_);
    while (ended_ < workers) {
      changed_.wait_for(lock, progress_interval);
      const auto points = points_;
      lock.unlock();
      progress(points);
      lock.lock();
    }
    return {points_, failure_, resume_row_};
  }

 private:
  std::optional<point_batch> next() {
    const std::lock_guard reading(source_mutex_);
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return std::nullopt;
    }
    const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(batch_rows_, rows_left_));
    if (rows == 0) return std::nullopt;
    auto batch = source_.read(rows);
    if (!batch) {
      fail(next_row_, batch.error().message, batch.error().code);
      return std::nullopt;
    }
    rows_left_ -= batch->ids.size();
    next_row_ = batch->first_row + batch->ids.size();
    if (batch->ids.empty()) {
      rows_left_ = 0;
      return std::nullopt;
    }
    return std::move(*batch);
  }

  result<void> send(client::http_client& client, const point_batch& batch) const {
    THESPIS_TRY(const upload_body body, encode_upload(batch));
    client::http_request request;
    request.method = client::method::put;
    request.target = target_;
    request.body = body.bytes;
    request.content_type = body.content_type;
    for (unsigned attempt = 1;; ++attempt) {
      THESPIS_TRY(const auto answer, client.send(request));
      if (answer.status >= 200 && answer.status <= 299) return ok();
      const bool busy = answer.status == 429 || answer.status == 503;
      if (!busy || attempt >= options_.attempts) {
        auto failure = client::failure_of(client, answer);
        if (answer.status == 413) failure.message += "; a smaller --batch makes smaller requests";
        return failure;
      }
      std::this_thread::sleep_for(
          std::chrono::seconds(std::min(answer.retry_after_s.value_or(1), wait_s_max)));
    }
  }

  static std::string name_of(const point_batch& batch) {
    return "rows " + std::to_string(batch.first_row) + " to " +
           std::to_string(batch.first_row + batch.ids.size() - 1);
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
  unsigned ended_ = 0;
  std::optional<error> failure_;
  std::uint64_t resume_row_ = 0;
};

}  // namespace

upload_outcome upload(point_source& source, const upload_options& options,
                      const std::function<void(std::uint64_t points)>& progress) {
  upload_run run(source, options);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < options.connections; ++i) workers.emplace_back([&run] { run.work(); });
  auto outcome = run.watch(options.connections, progress);
  for (auto& worker : workers) worker.join();
  return outcome;
}

}  // namespace thespis::importer
