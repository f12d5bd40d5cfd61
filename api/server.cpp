#include "api/server.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <utility>

#include "api/auth/authenticator.h"
#include "api/auth/jwks.h"
#include "api/dispatcher.h"
#include "api/greeting.h"
#include "api/idle_memory.h"
#include "api/runs/engine_threads.h"
#include "api/runs/run_queue.h"
#include "api/runs/webhooks.h"
#include "api/services/services.h"
#include "api/telemetry/trace_exporter.h"
#include "graphs/http_client.h"
#include "runtime/clock.h"
#include "runtime/uuid.h"
#include "storage/storage.h"

namespace heddle::api {
namespace asio = boost::asio;
namespace {

// For answers that were being written when everything else had stopped.
constexpr std::chrono::milliseconds kLastAnswers{1'000};

// What authentication needs. `settings`, `clock` and `log` outlive it; stop() comes before its end.
class AuthParts {
 public:
  AuthParts(asio::any_io_executor executor, const AuthSettings& settings, const runtime::Clock& clock,
            runtime::Log& log)
      : issuer_(settings.takes_tokens() ? std::make_unique<Issuer>(executor, settings.jwks_url, clock, log) : nullptr),
        authenticator_(settings, issuer_ ? &issuer_->keys : nullptr, clock) {}

  const Authenticator& authenticator() const { return authenticator_; }
  asio::awaitable<void> stop() {
    if (issuer_) co_await issuer_->keys.stop();
  }

 private:
  struct Issuer {
    Issuer(asio::any_io_executor executor, const std::string& url, const runtime::Clock& clock, runtime::Log& log)
        : keys(std::move(executor), jwks_over_http(client, url), clock, log) {}
    graphs::HttpClient client;
    Jwks keys;
  };
  std::unique_ptr<Issuer> issuer_;  // none without tokens
  Authenticator authenticator_;
};

}  // namespace

// In the order in which they start; destroyed the other way round.
class Server::State {
 public:
  State(ServerSettings given, graphs::Registry given_registry, runtime::Log& log)
      : settings(std::move(given)),
        registry(std::move(given_registry)),
        io(1),
        work(asio::make_work_guard(io)),
        engines(settings.engine_threads),
        shown(settings.shown_bytes_in_memory),
        storage(storage::open(settings.storage)),
        webhooks(io.get_executor(), *storage, clock, log, settings.webhooks),
        queue(io.get_executor(), engines, *storage, clock, checkpoint_ids, log, settings, webhooks),
        services(ServiceParts{settings, *storage, clock, registry, checkpoint_ids, log, queue, shown}),
        dispatcher(services, with_auth(log)),
        handler([this](Request request) { return dispatcher.answer(std::move(request)); }),
        hooks{[&log](std::string line) { log.warning(line); },
              [this](const Request& request, Headers& headers) { dispatcher.complete(request, headers); }},
        listener(io.get_executor(), handler, settings.http, hooks),
        idle_memory(
            io.get_executor(), clock, log, [this] { return activity(); }, [this] { give_back_memory(); }),
        thread([this] { io.run(); }) {}

  ~State() {
    stop();
    work.reset();
    io.stop();
    thread.join();
  }

  const Authenticator* with_auth(runtime::Log& log) {
    if (!settings.auth) return nullptr;
    auth.emplace(io.get_executor(), *settings.auth, clock, log);
    return &auth->authenticator();
  }

  void start(runtime::Log& log) {
    if (!settings.traces.endpoint.empty()) {
      traces.emplace(io.get_executor(), clock, log, settings.traces);
      queue.when_traced([this](RunTrace trace) { traces->add(std::move(trace)); });
    }
    on_io(prepare());
    on_io(open_listeners());
  }

  void stop() {
    if (std::exchange(stopped, true)) return;
    on_io(shut_down());
  }

  // Runs a coroutine on the I/O thread and waits for it.
  void on_io(asio::awaitable<void> coroutine) {
    std::future<void> done = asio::co_spawn(io, std::move(coroutine), asio::use_future);
    done.get();
  }

  asio::awaitable<void> prepare() {
    co_await services.assistants.make_defaults();
    co_await services.runs.take_up_again();
    services.cron_scheduler.start();
    services.expiry_sweeper.start();
    services.resumer.start();
    idle_memory.start();
    if (traces) traces->start();
  }

  // Changes with every answer and every run that ends, while runs are in flight that come and go, and when clients
  // leave: the readers of a long stream have most of its memory until then.
  std::uint64_t activity() const {
    std::uint64_t sum = queue.in_flight() + queue.counters().timed + listener.open_connections();
    for (const std::uint64_t count : services.requests.by_class) sum += count;
    return sum;
  }

  // Each thread has memory of its own. No state stays, not even a few: their items lie among those of all others, in
  // pages that are free otherwise.
  void give_back_memory() {
    queue.states().clear();
    shown.clear();
    return_memory();
    for (const asio::any_io_executor& engine : engines.executors()) asio::post(engine, [] { return_memory(); });
    storage->give_back_memory([] { return_memory(); });
  }

  asio::awaitable<void> open_listeners() {
    std::uint16_t port = settings.port;
    if (settings.tls.is_on()) listener.encrypt(std::make_shared<const TlsIdentity>(settings.tls));
    for (const std::string& host : settings.hosts) {
      const std::vector<BoundAddress> bound = listener.listen(host, port);
      if (!bound.empty()) port = bound.front().port;
      addresses.insert(addresses.end(), bound.begin(), bound.end());
    }
    // Behind the listeners, because a webhook may be a route of this server.
    const Scheme scheme = settings.tls.is_on() ? Scheme::https : Scheme::http;
    webhooks.start(base_url(addresses, settings.mount_prefix, scheme));
    co_return;
  }

  asio::awaitable<void> read_certificate() {
    listener.encrypt(std::make_shared<const TlsIdentity>(settings.tls));
    co_return;
  }

  asio::awaitable<void> shut_down() {
    listener.stop_accepting();
    co_await services.cron_scheduler.stop();
    co_await services.expiry_sweeper.stop();
    co_await services.resumer.stop();
    co_await idle_memory.stop();
    co_await queue.drain(settings.drain);
    const std::chrono::milliseconds last_calls = std::min(settings.drain, settings.webhooks.timeout);
    co_await webhooks.stop(last_calls);
    if (traces) co_await traces->stop();
    // Streams of runs have ended; what is left are readers that do not take their bytes.
    const std::chrono::milliseconds patience = kLastAnswers;
    co_await listener.stop(patience);
    if (auth) co_await auth->stop();
  }

  const ServerSettings settings;
  const graphs::Registry registry;
  const runtime::SystemClock clock;
  runtime::CheckpointIds checkpoint_ids;
  // The storage answers to the executors of whoever asked, and reads for `shown`, so they outlive it.
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  EngineThreads engines;
  runtime::PartCache shown;
  const std::unique_ptr<storage::Storage> storage;
  Webhooks webhooks;
  RunQueue queue;
  std::optional<TraceExporter> traces;
  Services services;
  std::optional<AuthParts> auth;
  Dispatcher dispatcher;
  const Handler handler;
  const ListenerHooks hooks;
  Listener listener;
  IdleMemory idle_memory;
  std::vector<BoundAddress> addresses;
  bool stopped = false;
  std::thread thread;
};

Server::Server(ServerSettings settings, graphs::Registry registry, runtime::Log& log)
    : state_(std::make_unique<State>(std::move(settings), std::move(registry), log)) {
  state_->start(log);
}

Server::~Server() = default;

const std::vector<BoundAddress>& Server::addresses() const {
  return state_->addresses;
}

void Server::read_certificate_again() {
  if (state_->settings.tls.is_on() && !state_->stopped) state_->on_io(state_->read_certificate());
}

void Server::stop() {
  state_->stop();
}

}  // namespace heddle::api
