#pragma once
// An authority of our own and what it signs, made for the test.

#include <filesystem>
#include <string>

namespace heddle::test {

// Writes NAME.pem (the certificate for localhost and 127.0.0.1, and the authority's behind it), NAME.key, and ca.pem
// into `folder`. Every call makes another authority.
void make_certificate(const std::filesystem::path& folder, const std::string& name);

// The same key behind a password.
void make_locked_key(const std::filesystem::path& folder, const std::string& name);

}  // namespace heddle::test
