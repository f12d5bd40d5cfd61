#pragma once
// For test suites; only with the setting `test_truncate` (http-api.md 4).

#include "api/routes/route_table.h"

namespace heddle::api {

boost::asio::awaitable<Response> truncate_tables(Services& services, Caller caller, Request request);

}  // namespace heddle::api
