#pragma once

namespace heddle::api {

// What becomes of old threads: all of it goes, or all but the newest checkpoint of each namespace.
enum class PruneStrategy { delete_thread, keep_latest };

}  // namespace heddle::api
