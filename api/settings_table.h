#pragma once
// The one table of what may be configured: command line, environment, langgraph.json, `--help`,
// docs/configuration.md and the README are made from it or compared with it.

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "api/settings.h"

namespace heddle::api {

// A value is none that is allowed. The text says what is allowed and does not repeat the value.
class SettingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class SettingForm {
  number,  // decimal digits; in langgraph.json a number
  on_off,  // `true` or `false`; as a flag without a value it means true
  text,
  list,     // flag: repeated; variable: separated by commas; langgraph.json: a list of texts, or one text
  numbers,  // the same; langgraph.json: a list of numbers
};

struct Setting {
  std::string name;  // "log-level"
  std::string key;   // "heddle.log_level", a path in langgraph.json
  SettingForm form = SettingForm::text;
  std::string allowed;        // "0 to 65535"
  std::string unit;           // "bytes"; empty if the value has none
  std::string default_value;  // as it would be written; empty for none
  std::string reason;         // what it does and why the default is what it is
  // Takes over `values` (one, or any number for a list). Throws SettingError and changes nothing.
  std::function<void(ServerSettings&, const std::vector<std::string>& values)> apply;

  std::string flag() const;      // "--log-level"
  std::string variable() const;  // "HEDDLE_LOG_LEVEL"
  bool takes_many() const { return form == SettingForm::list || form == SettingForm::numbers; }
};

// In the order in which they are documented.
const std::vector<Setting>& settings_table();

// The documented form of the table, in Markdown.
std::string settings_markdown();

}  // namespace heddle::api
