#pragma once
// JSON Schemas of state keys, in the short forms that graphs are declared with (FIXTURES.md 1.4).

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace heddle::runtime::schema {

boost::json::object text();
boost::json::object number();
boost::json::object truth();
boost::json::object anything();
boost::json::object object();
boost::json::object list(boost::json::object item);
boost::json::object messages();

}  // namespace heddle::runtime::schema
