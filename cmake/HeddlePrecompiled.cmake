# Headers of others that are read once instead of in every file, which is half of the time that a file takes to compile.
# Only headers that do not change with our code: a change of one of them compiles everything anew.
#
# Files still include what they use. In the preset `alone` g++ compiles each file of the product by itself and without these, and
# so finds what does not.
set(HEDDLE_PRECOMPILED_HEADERS
  <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <coroutine> <cstddef> <cstdint> <deque> <exception> <filesystem>
  <fstream> <functional> <future> <limits> <list> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream>
  <stdexcept> <string> <string_view> <system_error> <thread> <tuple> <type_traits> <unordered_map> <unordered_set> <utility>
  <variant> <vector>
  <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp>
  <boost/asio/bind_cancellation_slot.hpp> <boost/asio/cancellation_signal.hpp> <boost/asio/co_spawn.hpp>
  <boost/asio/io_context.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp>
  <boost/asio/use_awaitable.hpp>
  <boost/json/array.hpp> <boost/json/object.hpp> <boost/json/value.hpp>
  <boost/system/system_error.hpp>)

# heddle_read_once(TARGET HEADER...): an object library without content, which others read with REUSE_FROM. Its compile options are
# given before. A macro, because CMake looks in the folder for how clang is called.
macro(heddle_read_once target)
  set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER ${CMAKE_SOURCE_DIR}/cmake/precompile.sh)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # CMake hands the full path to the inner program of clang, where ccache leaves it as it is and so knows nothing again in another
    # folder. clang finds the result beside the header.
    set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include <PCH_HEADER>)
  endif()
  target_precompile_headers(${target} PRIVATE ${ARGN})
endmacro()

# One for what is shipped and one, in tests/, for the tests, which are not optimised: who reads it has to have the same flags.
add_library(heddle_precompiled OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp)
target_link_libraries(heddle_precompiled PRIVATE heddle_options heddle_boost)
heddle_profiled(heddle_precompiled)
heddle_read_once(heddle_precompiled ${HEDDLE_PRECOMPILED_HEADERS})

# heddle_precompile(TARGET): what is shipped reads the headers that were read before, but in the preset `alone`. g++ takes them
# only with the macros with which they were read, and Boost's come with heddle_boost.
function(heddle_precompile target)
  heddle_profiled(${target})
  if(HEDDLE_TOGETHER OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_libraries(${target} PRIVATE heddle_boost)
    target_precompile_headers(${target} REUSE_FROM heddle_precompiled)
  endif()
endfunction()
