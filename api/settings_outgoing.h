#pragma once
// The part of the table of settings about what the server itself calls: webhooks, and the collector of traces.

#include <vector>

#include "api/settings_table.h"

namespace heddle::api {

// Appends them to the table, in the order in which they are documented.
void add_outgoing_settings(std::vector<Setting>& table);

}  // namespace heddle::api
