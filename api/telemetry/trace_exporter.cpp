#include "api/telemetry/trace_exporter.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>
#include <utility>

#include "api/outgoing/header_templates.h"
#include "api/telemetry/otlp.h"
#include "graphs/retry_after.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t kSpansWaitingMax = 20'000;  // some MB; more means that the collector is away for long
constexpr std::size_t kSpansAtOnce = 512;         // the default of OpenTelemetry's own exporters
constexpr int kAttemptsMax = 5;                   // of one batch, over about half a minute
constexpr std::chrono::milliseconds kFirstPause{1'000};
constexpr std::chrono::milliseconds kPauseMax{30'000};
constexpr std::chrono::seconds kComplainEvery{60};
constexpr std::chrono::milliseconds kTimeout{10'000};

std::size_t spans_in(const RunTrace& trace) {
  return trace.spans.size() + 1;
}

// What OTLP says may be tried again.
bool is_worth_another(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

TraceExporter::TraceExporter(asio::any_io_executor executor, const runtime::Clock& clock, runtime::Log& log,
                             const TraceSettings& settings)
    : clock_(clock),
      log_(log),
      settings_(settings),
      work_(std::move(executor), clock, log, {"traces could not be sent", kPauseMax, kFirstPause}) {}

TraceExporter::~TraceExporter() = default;

void TraceExporter::start() {
  work_.start([this] { return send_waiting(); });
}

asio::awaitable<void> TraceExporter::stop() {
  co_await work_.stop();
  while (!waiting_.empty()) {
    const std::vector<const RunTrace*> batch = next_batch();
    std::string body = otlp_request(batch, settings_.service_name);
    const Sent sent = co_await send(std::move(body));
    if (sent != Sent::yes) break;
    take_out(batch.size());
  }
}

void TraceExporter::take_out(std::size_t traces) {
  for (; traces > 0; --traces) {
    waiting_spans_ -= spans_in(waiting_.front());
    waiting_.pop_front();
  }
}

void TraceExporter::add(RunTrace trace) {
  if (waiting_spans_ + spans_in(trace) > kSpansWaitingMax) {
    drop(1, "too many wait for the collector");
    return;
  }
  waiting_spans_ += spans_in(trace);
  waiting_.push_back(std::move(trace));
  // A batch that failed waits for its time.
  if (failures_ == 0) work_.wake();
}

std::vector<const RunTrace*> TraceExporter::next_batch() const {
  std::vector<const RunTrace*> batch;
  std::size_t spans = 0;
  for (const RunTrace& trace : waiting_) {
    if (!batch.empty() && spans + spans_in(trace) > kSpansAtOnce) break;
    spans += spans_in(trace);
    batch.push_back(&trace);
  }
  return batch;
}

asio::awaitable<std::optional<storage::Timestamp>> TraceExporter::send_waiting() {
  while (!waiting_.empty() && !work_.stopping()) {
    const std::vector<const RunTrace*> batch = next_batch();
    std::string body = otlp_request(batch, settings_.service_name);
    const Sent sent = co_await send(std::move(body));
    if (sent == Sent::later && ++failures_ < kAttemptsMax) {
      const auto pause = std::min(kPauseMax, std::max(wish_, kFirstPause * (1 << (failures_ - 1))));
      co_return clock_.now() + pause;
    }
    if (sent != Sent::yes) drop(batch.size(), "the collector did not take them");
    failures_ = 0;
    take_out(batch.size());
  }
  co_return std::nullopt;
}

asio::awaitable<TraceExporter::Sent> TraceExporter::send(std::string body) {
  graphs::HttpRequest request;
  request.method = "POST";
  request.url = settings_.endpoint + "/v1/traces";
  request.headers = {{"content-type", "application/json"}};
  if (settings_.headers) request.secret_headers = settings_.headers->clone();
  request.body = std::move(body);
  request.total_timeout = kTimeout;
  request.body_bytes_max = 64UL * 1024;  // nothing in the answer is read
  try {
    const graphs::HttpAnswer answer = co_await client_.fetch(std::move(request));
    wish_ = graphs::retry_after_of(answer.head).value_or(std::chrono::milliseconds{0});
    if (answer.head.status / 100 == 2) co_return Sent::yes;
    log_.debug("the collector refuses traces", json::object{{"status", answer.head.status}});
    co_return is_worth_another(answer.head.status) ? Sent::later : Sent::never;
  } catch (const graphs::HttpError& error) {
    wish_ = {};
    log_.debug("the collector cannot be reached", json::object{{"what", error.what()}});
  }
  co_return Sent::later;
}

void TraceExporter::drop(std::size_t traces, const std::string& why) {
  dropped_ += traces;
  const storage::Timestamp now = clock_.now();
  if (now - complained_ < kComplainEvery) return;
  complained_ = now;
  log_.warning("traces were dropped", json::object{{"traces", std::exchange(dropped_, 0)}, {"why", why}});
}

}  // namespace heddle::api
