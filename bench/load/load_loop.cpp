#include "bench/load/load_loop.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench/load/lanes.h"

namespace heddle::load {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kToldBytes = 300;  // of an answer that was not to come

std::runtime_error refused(const std::string& request, int status, const std::string& body) {
  return std::runtime_error(request.substr(0, request.find(" HTTP/")) + " answered " + std::to_string(status) + ": " +
                            body.substr(0, kToldBytes));
}

// Sends one request and notes how it went, with the latency since `due`.
asio::awaitable<void> send(Client& client, std::string request, Clock::time_point due, LoadResult& result) {
  try {
    const Answer answer = co_await client.call(request);
    result.note(answer, due, Clock::now());
  } catch (const std::exception& error) {
    result.note_error(error.what());
  }
}

asio::awaitable<void> closed_lane(Client& client, std::size_t lane, const MakeRequest& make, Clock::time_point counted,
                                  Clock::time_point end, LoadResult& result) {
  LoadResult warm_up;
  for (std::uint64_t number = 0;; ++number) {
    const Clock::time_point now = Clock::now();
    if (now >= end) co_return;
    std::string request = make(lane, number);
    LoadResult& into = now < counted ? warm_up : result;
    ++result.sent;
    co_await send(client, std::move(request), now, into);
  }
}

asio::awaitable<void> open_lane(Client& client, std::size_t lane, const OpenLoad& load, Clock::time_point start,
                                LoadResult& result) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  const std::chrono::duration<double> between(1.0 / load.loop.per_second);
  for (std::uint64_t number = 0;; ++number) {
    const double place = static_cast<double>(number * load.loop.clients + lane);
    const Clock::time_point due = start + std::chrono::duration_cast<Clock::duration>(between * place);
    if (due >= start + load.loop.duration) co_return;
    if (due > Clock::now()) {
      timer.expires_at(due);
      co_await timer.async_wait(asio::use_awaitable);
    }
    std::string request = load.make(lane, number);
    ++result.sent;
    co_await send(client, std::move(request), due, result);
  }
}

std::vector<std::unique_ptr<Client>> clients_for(asio::io_context& io, const Endpoint& endpoint, std::size_t count) {
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(std::make_unique<Client>(io.get_executor(), endpoint));
  return clients;
}

}  // namespace

LoadResult run_closed(const Endpoint& endpoint, const ClosedLoop& loop, const MakeRequest& make) {
  asio::io_context io(1);
  const auto clients = clients_for(io, endpoint, loop.clients);
  Lanes lanes(io);
  LoadResult result;
  const Clock::time_point counted = Clock::now() + loop.warm_up;
  const Clock::time_point end = counted + loop.duration;
  for (std::size_t lane = 0; lane < clients.size(); ++lane) {
    lanes.start(closed_lane(*clients[lane], lane, make, counted, end, result));
  }
  lanes.run();
  result.close(counted, end);
  return result;
}

std::vector<LoadResult> run_open(const Endpoint& endpoint, const std::vector<OpenLoad>& loads) {
  asio::io_context io(1);
  Lanes lanes(io);
  std::vector<LoadResult> results(loads.size());
  std::vector<std::vector<std::unique_ptr<Client>>> clients;
  const Clock::time_point start = Clock::now() + std::chrono::milliseconds(50);
  for (std::size_t i = 0; i < loads.size(); ++i) {
    clients.push_back(clients_for(io, endpoint, loads[i].loop.clients));
    results[i].least = loads[i].least;
    for (std::size_t lane = 0; lane < clients.back().size(); ++lane) {
      lanes.start(open_lane(*clients.back()[lane], lane, loads[i], start, results[i]));
    }
  }
  lanes.run();
  for (std::size_t i = 0; i < loads.size(); ++i) results[i].close(start, start + loads[i].loop.duration);
  return results;
}

Answer Connection::call(const std::string& request) {
  Answer answer = answered(request, nullptr);
  if (answer.status >= 400) throw refused(request, answer.status, answer.body);
  return answer;
}

std::size_t Connection::count(const std::string& request) {
  std::size_t bytes = 0;
  std::string begin;
  const Answer answer = answered(request, [&](std::string_view part) {
    bytes += part.size();
    if (begin.size() < kToldBytes) begin += part.substr(0, kToldBytes - begin.size());
  });
  if (answer.status >= 400) throw refused(request, answer.status, begin);
  return bytes;
}

Answer Connection::answered(const std::string& request, const ResponseReader::Sink& sink) {
  Answer answer;
  auto call = [&]() -> asio::awaitable<void> {
    Answer got = co_await client_.call(request, sink);
    answer = std::move(got);
  };
  Lanes lanes(io_);
  lanes.start(call());
  io_.restart();
  lanes.run();
  return answer;
}

Answer call_once(const Endpoint& endpoint, std::string_view method, std::string_view path, std::string_view body) {
  return Connection(endpoint).call(request_text(endpoint, method, path, body));
}

}  // namespace heddle::load
