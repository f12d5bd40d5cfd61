#pragma once
// JSON Schema 2020-12, as far as the document of this server uses it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::test {

// Whether a member that a schema with `properties` does not name is a fault. JSON Schema lets it pass; what our own
// server sends must be described.
enum class Unnamed { allowed, refused };

// Throws std::logic_error for a keyword that it does not know and a reference that leads nowhere, so that nothing in
// a schema is passed over.
class SchemaValidator {
 public:
  // `schemas`: components/schemas of a document; outlives this object.
  explicit SchemaValidator(const boost::json::object& schemas, Unnamed unnamed = Unnamed::allowed)
      : schemas_(schemas), unnamed_(unnamed) {}

  // One line for each fault, beginning with the place; none for a value that fits.
  std::vector<std::string> faults(const boost::json::value& value, const boost::json::object& schema);
  bool fits(const boost::json::value& value, const boost::json::object& schema) {
    return faults(value, schema).empty();
  }

  // The schema itself, or what its reference leads to.
  const boost::json::object& resolved(const boost::json::object& schema);
  // Names of the schemas that values were held against.
  const std::set<std::string>& used() const { return used_; }

 private:
  using Faults = std::vector<std::string>;
  void check(const boost::json::value& value, const boost::json::object& schema, const std::string& place,
             Faults& faults);
  void check_object(const boost::json::object& value, const boost::json::object& schema, const std::string& place,
                    Faults& faults);
  void check_array(const boost::json::array& value, const boost::json::object& schema, const std::string& place,
                   Faults& faults);
  void check_any(const boost::json::value& value, const boost::json::array& kinds, const std::string& place,
                 Faults& faults);

  const boost::json::object& schemas_;
  Unnamed unnamed_;
  std::set<std::string> used_;
};

}  // namespace heddle::test
