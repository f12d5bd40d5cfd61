#include "api/http/listener.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>
#include <optional>
#include <random>
#include <utility>

#include "api/http/connection.h"

namespace heddle::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDeadlineTick{500};  // limits are seconds
constexpr std::chrono::milliseconds kAcceptPause{100};   // when there is no file descriptor left
constexpr int kFreePortAttempts = 16;                    // a port free on one address may be taken on the other
constexpr std::size_t kRefusedAtOnceMax = 64;            // told so with a 503; beyond it just closed

std::vector<asio::ip::address> addresses_of(const asio::any_io_executor& executor, const std::string& host) {
  if (host == "localhost") return {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
  error_code error;
  const asio::ip::address literal = asio::ip::make_address(host, error);
  if (!error) return {literal};

  tcp::resolver resolver(executor);
  const auto found = resolver.resolve(host, "", tcp::resolver::passive, error);
  if (error) throw system_error(error, "cannot listen on \"" + host + "\": no such address or name");
  std::vector<asio::ip::address> addresses;
  for (const auto& entry : found) {
    const asio::ip::address address = entry.endpoint().address();
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

tcp::acceptor open_acceptor(const asio::any_io_executor& executor, const tcp::endpoint& endpoint, error_code& error) {
  tcp::acceptor acceptor(executor);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  return acceptor;
}

std::string named(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

// Whether this machine does not have the address at all, as it is with ::1 where IPv6 is switched off.
bool is_missing_address(const error_code& error) {
  return error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available;
}

// One acceptor for every address that exists, all on one port. Throws if none exists or one is taken.
std::vector<tcp::acceptor> open_all(const asio::any_io_executor& executor,
                                    const std::vector<asio::ip::address>& addresses, std::uint16_t port) {
  for (int attempt = 1;; ++attempt) {
    std::vector<tcp::acceptor> opened;
    std::uint16_t shared_port = port;
    error_code failure;
    std::string failed;
    for (const asio::ip::address& address : addresses) {
      const tcp::endpoint endpoint(address, shared_port);
      error_code error;
      tcp::acceptor acceptor = open_acceptor(executor, endpoint, error);
      if (error) {
        failure = error;
        failed = named(endpoint);
        if (is_missing_address(error)) continue;
        opened.clear();
        break;
      }
      if (shared_port == 0) shared_port = acceptor.local_endpoint().port();
      opened.push_back(std::move(acceptor));
    }
    if (!opened.empty()) return opened;
    const bool may_try_another = port == 0 && failure == asio::error::address_in_use && attempt < kFreePortAttempts;
    if (!may_try_another) {
      throw system_error(failure, "cannot listen on " + failed + " (--host and --port choose another address)");
    }
  }
}

}  // namespace

class Listener::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::any_io_executor executor, Handler handler, HttpLimits limits, ListenerHooks hooks)
      : executor_(executor),
        context_{std::move(handler), limits, std::move(hooks), std::mt19937_64(std::random_device()()), nullptr, {}},
        tick_(executor),
        changed_(executor) {}

  std::vector<BoundAddress> listen(const std::string& host, std::uint16_t port);
  void encrypt(std::shared_ptr<const TlsIdentity> identity) { context_.tls = std::move(identity); }
  void drain();
  asio::awaitable<void> stop(std::chrono::milliseconds patience);
  void close();
  std::size_t open_connections() const { return open_.size() - refused_; }

 private:
  struct Door {
    explicit Door(tcp::acceptor opened) : acceptor(std::move(opened)), pause(acceptor.get_executor()) {}
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };
  struct Open {
    std::shared_ptr<Connection> connection;
    asio::cancellation_signal cancel;
    bool is_refused = false;
  };

  asio::awaitable<void> accept_at(Door& door);
  asio::awaitable<void> check_deadlines();
  void start_loop(asio::awaitable<void> loop);
  void take(tcp::socket socket);
  void remove(std::list<Open>::iterator entry);
  bool is_busy() const { return !open_.empty() || loops_ > 0; }
  // Closes the doors; what is open goes on.
  void stop_accepting();
  void cancel_all();
  void log(std::string text) const {
    if (context_.hooks.log) context_.hooks.log(std::move(text));
  }

  asio::any_io_executor executor_;
  ConnectionContext context_;
  std::list<Door> doors_;
  std::list<Open> open_;
  std::size_t refused_ = 0;  // of those in open_
  std::size_t loops_ = 0;    // coroutines of accept_at() and check_deadlines()
  bool is_ticking_ = false;
  bool is_stopping_ = false;
  asio::steady_timer tick_;     // of check_deadlines()
  asio::steady_timer changed_;  // cancelled whenever something in open_ or a loop ends
};

std::vector<BoundAddress> Listener::State::listen(const std::string& host, std::uint16_t port) {
  std::vector<BoundAddress> bound;
  std::vector<tcp::acceptor> acceptors = open_all(executor_, addresses_of(executor_, host), port);
  for (tcp::acceptor& acceptor : acceptors) {
    const tcp::endpoint endpoint = acceptor.local_endpoint();
    bound.push_back({endpoint.address().to_string(), endpoint.port()});
    start_loop(accept_at(doors_.emplace_back(std::move(acceptor))));
  }
  if (!is_ticking_) start_loop(check_deadlines());
  is_ticking_ = true;
  return bound;
}

void Listener::State::start_loop(asio::awaitable<void> loop) {
  ++loops_;
  auto ended = [self = shared_from_this()](const std::exception_ptr& failure) {
    --self->loops_;
    self->changed_.cancel();
    if (failure && !self->is_stopping_) std::rethrow_exception(failure);
  };
  asio::co_spawn(executor_, std::move(loop), std::move(ended));
}

asio::awaitable<void> Listener::State::accept_at(Door& door) {
  bool was_out_of_resources = false;
  while (!is_stopping_) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    tcp::socket socket = co_await door.acceptor.async_accept(token);
    if (!error) {
      was_out_of_resources = false;
      if (!is_stopping_) take(std::move(socket));
    } else if (!is_stopping_ && error != asio::error::connection_aborted) {
      // Mostly EMFILE. The connection stays in the kernel's queue until a descriptor is free.
      if (!was_out_of_resources) log("accepting connections: " + error.message() + "; trying again");
      was_out_of_resources = true;
      door.pause.expires_after(kAcceptPause);
      error_code ignored;  // stop_accepting() cuts the pause short
      auto pause_token = asio::redirect_error(asio::use_awaitable, ignored);
      co_await door.pause.async_wait(pause_token);
    }
  }
}

void Listener::State::take(tcp::socket socket) {
  const bool is_refused = open_connections() >= context_.limits.connections_max;
  if (is_refused && refused_ >= kRefusedAtOnceMax) return;

  const auto entry = open_.emplace(open_.end());
  entry->connection = make_connection(std::move(socket), context_);
  entry->is_refused = is_refused;
  if (is_refused) ++refused_;
  auto serving = is_refused ? entry->connection->refuse() : entry->connection->serve();
  auto ended = [self = shared_from_this(), entry](const std::exception_ptr&) {
    // A turn of the executor later: the coroutine that is ending here still uses the signal.
    asio::post(self->executor_, [self, entry] { self->remove(entry); });
  };
  asio::co_spawn(executor_, std::move(serving), asio::bind_cancellation_slot(entry->cancel.slot(), std::move(ended)));
}

void Listener::State::remove(std::list<Open>::iterator entry) {
  if (entry->is_refused) --refused_;
  open_.erase(entry);
  if (is_stopping_ && open_.empty()) tick_.cancel();
  changed_.cancel();
}

asio::awaitable<void> Listener::State::check_deadlines() {
  while (!is_stopping_ || !open_.empty()) {
    tick_.expires_after(kDeadlineTick);
    error_code ignored;  // the last connection to leave cuts the wait short
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await tick_.async_wait(token);
    context_.deadlines.check(Clock::now());
  }
}

void Listener::State::stop_accepting() {
  is_stopping_ = true;
  for (Door& door : doors_) {
    error_code ignored;  // of a door that is closed already
    door.acceptor.close(ignored);
    door.pause.cancel();
  }
  if (open_.empty()) tick_.cancel();
}

void Listener::State::cancel_all() {
  for (Open& open : open_) open.cancel.emit(asio::cancellation_type::terminal);
}

void Listener::State::close() {
  stop_accepting();
  cancel_all();
}

void Listener::State::drain() {
  stop_accepting();
  for (const Open& open : open_) open.connection->drain();
}

asio::awaitable<void> Listener::State::stop(std::chrono::milliseconds patience) {
  drain();

  Clock::time_point until = Clock::now() + patience;
  while (is_busy()) {
    changed_.expires_at(until);
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await changed_.async_wait(token);
    if (!error) {  // patience is at its end; what is left now ends when it has noticed
      cancel_all();
      until = Clock::time_point::max();
    }
  }
}

Listener::Listener(asio::any_io_executor executor, Handler handler, HttpLimits limits, ListenerHooks hooks)
    : state_(std::make_shared<State>(std::move(executor), std::move(handler), limits, std::move(hooks))) {}

Listener::~Listener() {
  state_->close();
}

std::vector<BoundAddress> Listener::listen(const std::string& host, std::uint16_t port) {
  return state_->listen(host, port);
}

void Listener::encrypt(std::shared_ptr<const TlsIdentity> identity) {
  state_->encrypt(std::move(identity));
}

void Listener::stop_accepting() {
  state_->drain();
}

asio::awaitable<void> Listener::stop(std::chrono::milliseconds patience) {
  return state_->stop(patience);
}

std::size_t Listener::open_connections() const {
  return state_->open_connections();
}

}  // namespace heddle::api
