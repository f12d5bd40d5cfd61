// Whatever a client sends to create a run: it is read or refused with a text, and a hidden key never reaches what is
// stored.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "api/routes/body.h"
#include "api/runs/run_plan.h"
#include "api/runs/run_request.h"
#include "runtime/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heddle;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const api::ServerSettings settings;
  const api::Headers headers;
  try {
    api::RunRequest request = api::run_request_from(api::parse_body(body, settings.json_depth_max), headers, settings);
    for (const auto& member : request.configurable) {
      if (member.key().starts_with("_")) std::abort();
    }
    storage::Run record;
    boost::json::object config = request.config;
    config["configurable"] = request.configurable;
    request.kwargs["config"] = std::move(config);
    record.kwargs_json = runtime::to_text(request.kwargs);
    const api::RunDetails details = api::details_of(record);
    (void)api::run_plan(record, details, nullptr, "graph", {});
    (void)api::stream_shape(record, details, "graph", settings);
  } catch (const api::ApiError&) {
    return 0;
  }
  return 0;
}
