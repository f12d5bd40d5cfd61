#pragma once
// A run as the API shows it.

#include <boost/json/object.hpp>
#include <string_view>

#include "storage/runs.h"

namespace heddle::api {

std::string_view to_text(storage::RunStatus status);
std::string_view to_text(storage::MultitaskStrategy strategy);

// Run as JSON (http-api.md 3.8).
boost::json::object run_json(const storage::Run& record);

}  // namespace heddle::api
