#pragma once
// What the requests and answers of searches have in common (http-api.md 2.9 and 2.10).

#include <cstddef>
#include <cstdint>
#include <string>

#include "api/http/message.h"
#include "api/routes/body.h"
#include "storage/filter.h"

namespace heddle::api {

// `limit` and `offset`.
storage::Page search_page(const Fields& fields, std::int64_t limit_default = 10);
// `metadata`.
storage::Containment metadata_filter(const Fields& fields);
// `sort_order`.
storage::SortOrder sort_order(const Fields& fields);

// The list `body`, which shows `shown` of `total` matches, with the headers that tell so.
Response page_response(std::string body, const storage::Page& page, std::size_t shown, std::int64_t total);

}  // namespace heddle::api
