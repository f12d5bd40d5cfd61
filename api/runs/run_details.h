#pragma once
// What the JSON texts of a run's record say, taken apart once: by whoever makes the run, or when a start takes it up.

#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "storage/runs.h"

namespace heddle::api {

// Immutable, shared by those who need it. Never null pointers.
struct RunDetails {
  std::shared_ptr<const boost::json::object> kwargs;
  std::shared_ptr<const boost::json::object> metadata;
};

// Takes the texts of the record apart, which were written by write_details().
RunDetails details_of(const storage::Run& record);

// Fills in the texts of the record.
void write_details(const RunDetails& details, storage::Run& record);

// The member, or an empty object.
const boost::json::object& object_member(const boost::json::object& object, std::string_view key);

// The graph id that the run was made with.
std::string graph_id_of(const RunDetails& details);
std::string graph_id_of(const storage::Run& record);

}  // namespace heddle::api
