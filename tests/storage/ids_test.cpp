#include "storage/ids.h"

#include <catch2/catch.hpp>
#include <unordered_set>

namespace heddle::storage {

TEST_CASE("An id reads the text that it writes") {
  const std::string text = "1f1e67b9-b7f1-6980-8000-2fe8f091edb2";
  const std::optional<ThreadId> parsed = ThreadId::parse(text);
  REQUIRE(parsed);
  CHECK(parsed->text() == text);
  CHECK(parsed->uuid.bytes[0] == 0x1f);
  CHECK(parsed->uuid.bytes[15] == 0xb2);
}

TEST_CASE("An id is read in any case and written in lower case") {
  const std::optional<Uuid> parsed = Uuid::parse("1F1E67B9-B7F1-6980-8000-2fe8f091EDB2");
  REQUIRE(parsed);
  CHECK(parsed->text() == "1f1e67b9-b7f1-6980-8000-2fe8f091edb2");
}

TEST_CASE("What is not 8-4-4-4-12 hex digits is no id") {
  const std::string text = GENERATE("", "1", "1f1e67b9b7f1698080002fe8f091edb2", "1f1e67b9-b7f1-6980-8000-2fe8f091edb",
                                    "1f1e67b9-b7f1-6980-8000-2fe8f091edb22", "{1f1e67b9-b7f1-6980-8000-2fe8f091edb2}",
                                    "1f1e67b9-b7f1-6980-8000-2fe8f091edbg", "1f1e67b9-b7f16-980-8000-2fe8f091edb2",
                                    "1f1e67b9-b7f1-6980-8000+2fe8f091edb2", "-f1e67b9-b7f1-6980-8000-2fe8f091edb2");
  CHECK_FALSE(Uuid::parse(text));
}

TEST_CASE("Ids are ordered bytewise and hashed by all of their bytes") {
  Uuid low;
  Uuid high;
  low.bytes[0] = 1;
  high.bytes[0] = 0xff;
  CHECK(low < high);

  std::unordered_set<std::size_t> hashes;
  for (std::size_t i = 0; i < low.bytes.size(); ++i) {
    Uuid id;
    id.bytes[i] = 1;
    hashes.insert(std::hash<Uuid>{}(id));
  }
  CHECK(hashes.size() == low.bytes.size());
}

}  // namespace heddle::storage
