# Everything comes from Debian 12 packages (scripts/install-deps.sh names them).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(date REQUIRED)  # time zones, from the database of the system
find_package(PkgConfig REQUIRED)
if(NOT HEDDLE_SANITIZE)
  find_package(mimalloc 2.0 REQUIRED)  # sanitizers bring an allocator of their own
endif()
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

# Asio and Beast compiled once, in cmake/boost.cpp, instead of in every file that includes them; JSON there as well, and not
# taken from Debian's library, so that its code is arranged by what ran (HeddleProfile.cmake) and sanitizers see into it.
add_library(heddle_boost STATIC ${CMAKE_SOURCE_DIR}/cmake/boost.cpp)
target_link_libraries(heddle_boost PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(heddle_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_BEAST_USE_STD_STRING_VIEW)
