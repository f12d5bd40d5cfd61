#include "api/services/api_error.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "runtime/json.h"

namespace heddle::api {

namespace json = boost::json;

ApiError ApiError::invalid(FieldIssue issue) {
  std::string where;
  for (const std::string& part : issue.path) where += (where.empty() ? "" : ".") + part;
  ApiError error(400, where.empty() ? issue.message : where + ": " + issue.message);
  error.issues_.push_back(std::move(issue));
  return error;
}

ApiError no_assistant_found(const std::string& id) {
  return ApiError::not_found("No assistant found for \"" + id +
                             "\". Make sure the assistant ID is for a valid assistant or a valid graph ID.");
}

ApiError thread_is_busy(Compat compat) {
  return {compat == Compat::platform ? 409 : 422,
          "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."};
}

namespace {

json::array issues_json(const std::vector<FieldIssue>& issues) {
  json::array list;
  for (const FieldIssue& issue : issues) {
    json::array path;
    for (const std::string& part : issue.path) path.emplace_back(part);
    list.push_back(json::object{{"code", "invalid_type"}, {"path", path}, {"message", issue.message}});
  }
  return list;
}

}  // namespace

Response error_response(const ApiError& error, ErrorForm form, Compat compat) {
  Response response;
  response.status = error.is_validation() && compat == Compat::platform ? 422 : error.status();
  response.headers = error.headers();
  if (form == ErrorForm::text && !error.is_validation()) {
    response.headers.set("content-type", "text/plain;charset=UTF-8");
    response.body = error.what();
    return response;
  }
  json::object body;
  if (form == ErrorForm::text) {
    body["success"] = false;
    body["error"] = json::object{{"issues", issues_json(error.issues())}, {"name", "ZodError"}};
  } else {
    body["detail"] = error.what();
    if (error.is_validation()) {
      json::array list;
      for (const FieldIssue& issue : error.issues()) {
        json::array path;
        for (const std::string& part : issue.path) path.emplace_back(part);
        list.push_back(json::object{{"path", path}, {"message", issue.message}});
      }
      body["errors"] = std::move(list);
    }
  }
  response.headers.set("content-type", "application/json");
  response.body = runtime::to_text(body);
  return response;
}

}  // namespace heddle::api
