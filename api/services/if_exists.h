#pragma once
// What creating a record does when its id is taken.

namespace heddle::api {

enum class IfExists { raise, do_nothing };

}  // namespace heddle::api
