#pragma once
// The start of libcurl.

namespace heddle::graphs {

// curl wants this once per process, before its first use. Any thread may call, as often as it likes. Throws
// std::runtime_error.
void initialise_curl();

}  // namespace heddle::graphs
