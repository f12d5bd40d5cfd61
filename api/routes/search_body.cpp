#include "api/routes/search_body.h"

#include <boost/json/object.hpp>
#include <utility>

#include "runtime/json.h"

namespace heddle::api {

storage::Page search_page(const Fields& fields, std::int64_t limit_default) {
  const PageFields page = page_of(fields, limit_default);
  return {page.limit, page.offset};
}

storage::Containment metadata_filter(const Fields& fields) {
  const boost::json::object filter = fields.object("metadata").value_or(boost::json::object{});
  return {runtime::to_text(filter)};
}

storage::SortOrder sort_order(const Fields& fields) {
  using enum storage::SortOrder;
  return fields.one_of<storage::SortOrder>("sort_order", {{"asc", ascending}, {"desc", descending}})
      .value_or(descending);
}

Response page_response(std::string body, const storage::Page& page, std::size_t shown, std::int64_t total) {
  Response response = json_response(200, std::move(body));
  response.headers.set("x-pagination-total", std::to_string(total));
  const std::int64_t next = page.offset + static_cast<std::int64_t>(shown);
  if (next < total) response.headers.set("x-pagination-next", std::to_string(next));
  return response;
}

}  // namespace heddle::api
