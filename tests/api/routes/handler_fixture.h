#pragma once
// Calls handlers with requests that were never on a wire.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/routes/route_table.h"
#include "tests/api/services/service_fixture.h"

namespace heddle::test {

// The caller is always the same.
class HandlerFixture : public ServiceFixture {
 public:
  api::Response answer(api::RouteHandler handler, std::string body, const std::string& query = "",
                       std::map<std::string, std::string> params = {}) {
    api::Request request;
    request.body = std::move(body);
    request.query = api::Query(query);
    request.params = std::move(params);
    return get(handler(services, api::Caller{ann}, request));
  }

  boost::json::value told(api::RouteHandler handler, std::string body, const std::string& query = "",
                          std::map<std::string, std::string> params = {}) {
    return runtime::parse_json(answer(handler, std::move(body), query, std::move(params)).body);
  }

  api::ApiError refused(api::RouteHandler handler, std::string body, const std::string& query = "",
                        std::map<std::string, std::string> params = {}) {
    api::Request request;
    request.body = std::move(body);
    request.query = api::Query(query);
    request.params = std::move(params);
    return refusal(handler(services, api::Caller{ann}, request));
  }

  static std::vector<std::string> keys_of(const boost::json::value& object) {
    std::vector<std::string> keys;
    for (const boost::json::key_value_pair& member : object.as_object()) keys.emplace_back(member.key());
    return keys;
  }
};

}  // namespace heddle::test
