#include "api/http/rate_limiter.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <cmath>

namespace heddle::api {
namespace ip = boost::asio::ip;

RateLimiter::Bucket& RateLimiter::bucket_of(std::string_view who, Time now) {
  const auto found = by_caller_.find(who);
  if (found != by_caller_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    return buckets_.front();
  }
  if (buckets_.size() >= callers_max_) {
    by_caller_.erase(buckets_.back().who);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string(who), static_cast<double>(limit_.burst), now});
  by_caller_.emplace(buckets_.front().who, buckets_.begin());
  return buckets_.front();
}

std::optional<std::chrono::seconds> RateLimiter::take(std::string_view who, Time now) {
  if (limit_.per_second == 0) return std::nullopt;
  Bucket& bucket = bucket_of(who, now);
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  const auto rate = static_cast<double>(limit_.per_second);
  bucket.requests = std::min(static_cast<double>(limit_.burst), bucket.requests + passed * rate);
  bucket.at = now;
  if (bucket.requests >= 1) {
    bucket.requests -= 1;
    return std::nullopt;
  }
  const double wait = std::ceil((1 - bucket.requests) / rate);
  return std::chrono::seconds(std::max<long>(1, std::lround(wait)));
}

std::string caller_at(std::string_view address) {
  boost::system::error_code error;
  const ip::address parsed = ip::make_address(address, error);
  if (error || !parsed.is_v6()) return std::string(address);
  if (parsed.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, parsed.to_v6()).to_string();
  }
  ip::address_v6::bytes_type bytes = parsed.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return ip::make_address_v6(bytes).to_string();
}

}  // namespace heddle::api
