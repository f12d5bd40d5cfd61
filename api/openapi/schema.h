#pragma once
// JSON Schema 2020-12, as OpenAPI 3.1 wants it, put together in few words. Pure functions on values.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::api::openapi {

using Schema = boost::json::object;

// No bound but that of integers.
inline constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

Schema anything();
Schema text();
// With a length of 1 to `most` characters.
Schema text_up_to(std::int64_t most);
Schema uuid();
Schema time();
Schema truth();
Schema whole(std::int64_t least, std::int64_t most = kUnbounded);
Schema number_from(double least);
Schema word(std::initializer_list<std::string_view> words);
Schema nothing();  // null and only that
// An object whose members are free.
Schema free_object();
// An object of free keys with values of one kind.
Schema map_of(Schema values);
Schema list_of(Schema items, std::int64_t least = 0);
// The schema of this name in the document.
Schema ref(std::string_view name);
Schema any_of(std::vector<Schema> kinds);
Schema or_null(Schema schema);

// The same schema with a sentence about it, or with the value that counts when none is given.
Schema said(Schema schema, std::string_view sentence);
Schema by_default(Schema schema, boost::json::value value);
// Members that are not named are allowed, too.
Schema open(Schema object);

struct Member {
  std::string_view name;
  Schema schema;
  bool is_required = false;
};
Member required(std::string_view name, Schema schema);
Member optional(std::string_view name, Schema schema);

// A body that a client sends: null counts as absent for members that are not required (http-api.md 2.2), and further
// members are ignored.
Schema request(std::vector<Member> members);
// What the server sends: it has these members and no others, unless it is made open().
Schema answer(std::vector<Member> members);

}  // namespace heddle::api::openapi
