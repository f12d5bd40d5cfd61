// The bytes of a connection: however the network cuts them, the same requests come out of them, and the router and the
// readers of targets and queries take what they hold.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/request_parser.h"
#include "api/http/router.h"
#include "api/http/target.h"
#include "api/routes/route_table.h"

namespace {

using namespace heddle::api;

constexpr HttpLimits kLimits{.body_bytes_max = 4'096, .header_bytes_max = 2'048};

Router all_routes() {
  Router router;
  std::size_t entry = 0;
  for (const Route& route : route_table()) router.add(route.verb, route.pattern, entry++);
  return router;
}

std::string told(const Request& request) {
  std::string text = std::to_string(static_cast<int>(request.verb)) + ' ' + request.target;
  for (const auto& [name, value] : request.headers.all()) text.append("\n").append(name).append(": ").append(value);
  return text + "\n\n" + request.body + '\n';
}

// The requests in `bytes`, of which at most `step` come at a time. How early a malformed one is refused depends on the
// cut.
std::string read(std::string_view bytes, std::size_t step) {
  std::string all;
  std::string waiting;
  auto parser = std::make_unique<RequestParser>(kLimits);
  while (true) {
    const std::size_t taken = parser->put(waiting);
    waiting.erase(0, taken);
    if (parser->is_refused()) return all;
    if (parser->is_done()) {
      all += told(parser->take().request);
      parser = std::make_unique<RequestParser>(kLimits);
    } else if (bytes.empty()) {
      return all;
    } else {
      waiting += bytes.substr(0, step);
      bytes.remove_prefix(std::min(step, bytes.size()));
    }
  }
}

void look_up(std::string_view line) {
  static const Router router = all_routes();
  const Target target = split_target(line);
  Request request;
  request.segments = target.segments;
  request.trailing_slash = target.trailing_slash;
  request.query = Query(target.query);
  for (const Verb verb : {Verb::get, Verb::head, Verb::post, Verb::delete_, Verb::other}) {
    request.verb = verb;
    const auto match = router.find(request);
    if (match && match->entry >= route_table().size()) std::abort();
  }
  (void)request.query.list("select");
  (void)request.query.flag("wait", false);
  const std::string clean = as_utf8(std::string(line));
  if (as_utf8(clean) != clean) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(bytes, size + 1);
  // So does, where a limit is passed.
  const bool small = size < kLimits.header_bytes_max;
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const std::string cut = read(bytes, step);
    if (small && cut != whole) std::abort();
  }
  look_up(bytes.substr(0, bytes.find('\n')));
  return 0;
}
