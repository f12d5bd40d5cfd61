#pragma once
// Who is calling: known from the credentials of a request, and told to the runs that it starts.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret.h"
#include "storage/assistants.h"
#include "storage/ids.h"

namespace heddle::api {

// One authenticated user, for one request and the runs that it starts. Never changed once made. Only `id` may be
// stored, shown or logged.
struct Identity {
  std::string id;
  std::vector<std::string> permissions;
  runtime::SecretJson user;  // all that is known, claims included (http-api.md 17.2)
  runtime::Secret token;     // as it was verified, without `Bearer `; empty if it was no token that told who it is
};

// Whether a text may name a user: 1 to 1024 bytes of UTF-8 without control characters.
bool is_identity(std::string_view text);

// Without authentication everybody is the same owner with the empty name and has no identity.
struct Caller {
  storage::Owner owner;
  std::shared_ptr<const Identity> identity = nullptr;
  std::vector<storage::Containment> shared = {};  // assistants of others that they see, too (api/auth/access_rules.h)

  storage::AssistantReader assistant_reader() const { return {owner, shared}; }
};

// Adds what tools and nodes read (http-api.md 17.5): `langgraph_auth_user`, `langgraph_auth_user_id`,
// `langgraph_auth_permissions` and `langgraph_auth_token`. What stands there under these names is replaced.
void add_identity(const Identity& identity, runtime::Secrets& secrets);

// What is left of it when a run is taken up after a restart: `langgraph_auth_user_id`. Token and claims lived in
// memory only, so such a run is the user's, but cannot act for them elsewhere.
void add_owner(const storage::Owner& owner, runtime::Secrets& secrets);

}  // namespace heddle::api
