#include "tests/api/openapi/schema_validator.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "api/openapi/schema.h"
#include "runtime/json.h"

namespace heddle::test {
namespace {

using namespace api::openapi;

bool fits(std::string_view value, const Schema& schema, Unnamed unnamed = Unnamed::allowed) {
  const Schema schemas{{"Id", uuid()}};
  return SchemaValidator(schemas, unnamed).fits(runtime::parse_json(value), schema);
}

}  // namespace

TEST_CASE("Each keyword refuses what it has to and lets the rest pass") {
  CHECK(fits("1", whole(1)));
  CHECK(fits("1.0", whole(1)));
  CHECK_FALSE(fits("1.5", whole(1)));
  CHECK_FALSE(fits("0", whole(1)));
  CHECK_FALSE(fits("true", whole(0)));
  CHECK(fits("9223372036854775807", whole(0)));
  CHECK_FALSE(fits("9223372036854775808", whole(0)));
  CHECK_FALSE(fits("11", whole(0, 10)));
  CHECK(fits("0.5", number_from(0)));
  CHECK_FALSE(fits("-0.5", number_from(0)));
  CHECK(fits(R"("a")", word({"a", "b"})));
  CHECK_FALSE(fits(R"("c")", word({"a", "b"})));
  CHECK_FALSE(fits(R"("")", text_up_to(3)));
  CHECK(fits(R"("äöü")", text_up_to(3)));
  CHECK_FALSE(fits(R"("abcd")", text_up_to(3)));
  CHECK(fits(R"(["a"])", list_of(text(), 1)));
  CHECK_FALSE(fits("[]", list_of(text(), 1)));
  CHECK_FALSE(fits("[1]", list_of(text())));
  CHECK_FALSE(fits(R"({"a":1})", map_of(text())));
  CHECK(fits("null", or_null(text())));
  CHECK_FALSE(fits("null", text()));
  CHECK(fits(R"("01a2037e-48fd-71b5-8e44-d0fb80070177")", ref("Id")));
  CHECK_FALSE(fits(R"("01a2037e")", ref("Id")));
  CHECK(fits(R"("2026-11-22T13:27:15.158000+00:00")", time()));
  CHECK_FALSE(fits(R"("2026-11-22")", time()));
}

TEST_CASE("Members of a request may be null or unknown, unless they are required; those of an answer are told") {
  const Schema asked = request({required("a", text()), optional("b", text())});
  CHECK(fits(R"({"a":"x","b":null,"c":1})", asked));
  CHECK_FALSE(fits(R"({"a":null})", asked));
  CHECK_FALSE(fits(R"({"b":"x"})", asked));
  const Schema told = answer({required("a", text()), optional("b", text())});
  CHECK_FALSE(fits(R"({"a":"x","b":null})", told));
  CHECK(fits(R"({"a":"x","c":1})", told));
  CHECK_FALSE(fits(R"({"a":"x","c":1})", told, Unnamed::refused));
  CHECK(fits(R"({"a":"x","c":1})", open(told), Unnamed::refused));
}

TEST_CASE("A schema that the validator cannot read is an error, not a pass") {
  CHECK_THROWS_AS(fits("1", Schema{{"pattern", "x"}}), std::logic_error);
  CHECK_THROWS_AS(fits("1", ref("Nothing")), std::logic_error);
  CHECK_THROWS_AS(fits("1", Schema{{"type", "int"}}), std::logic_error);
  CHECK_THROWS_AS(fits(R"("x")", Schema{{"format", "uri"}}), std::logic_error);
}

}  // namespace heddle::test
