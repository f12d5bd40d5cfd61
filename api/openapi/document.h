#pragma once
// The OpenAPI 3.1 document of this server, made from the route table and the resources.
//
// The `response` of a Shape is the name of a schema, or of one of these kinds of answers:
// `Nothing` (204), `Accepted` (202, or 204 after waiting), `EventStream`, `Text`, `Page`, and `NotOffered`, which has
// only the outcomes of its words.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "api/routes/route_table.h"
#include "api/settings.h"

namespace heddle::api::openapi {

// Describes what is served with these settings: no group that is off, paths below the mount prefix, and errors in the
// form and with the statuses that were chosen.
boost::json::object document(const ServerSettings& settings);

// The method as the document spells it.
std::string_view method_of(Verb verb);

}  // namespace heddle::api::openapi
