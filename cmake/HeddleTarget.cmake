# What all targets share: warnings, sanitizers, include root. Folders say only what differs.
add_library(heddle_options INTERFACE)
target_include_directories(heddle_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include/heddle>)
target_compile_options(heddle_options INTERFACE
  "$<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>")
if(HEDDLE_SANITIZE)
  foreach(target heddle_options heddle_boost)
    if(target STREQUAL heddle_options)
      set(scope INTERFACE)
    else()
      set(scope PUBLIC)
    endif()
    target_compile_options(${target} ${scope} -fsanitize=${HEDDLE_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} ${scope} -fsanitize=${HEDDLE_SANITIZE})
  endforeach()
  if(HEDDLE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences are not understood by g++'s thread sanitizer, which says so as a warning.
    target_compile_options(heddle_options INTERFACE -Wno-tsan)
    target_compile_options(heddle_boost PUBLIC -Wno-tsan)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 in inlined std::string and Boost.JSON code at -O2.
  target_compile_options(heddle_options INTERFACE
    -Wno-error=restrict -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow
    -Wno-error=array-bounds -Wno-error=dangling-pointer -Wno-error=stringop-overread)
  if(HEDDLE_TOGETHER)
    # It takes files that are compiled together for headers, and a variable for hiding the function of another file.
    target_compile_options(heddle_options INTERFACE -Wno-subobject-linkage -Wno-error=shadow)
  endif()
endif()

include(HeddleProfile)
heddle_profiled(heddle_boost)
include(HeddlePrecompiled)
include(HeddleTogether)

# heddle_library(NAME SOURCES ... [ALONE ...] LINKS ... [PRIVATE_LINKS ...]): target heddle_NAME, alias heddle::NAME.
function(heddle_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(heddle_${name} STATIC)
  heddle_sources(heddle_${name} TOGETHER ${ARG_SOURCES} ALONE ${ARG_ALONE})
  add_library(heddle::${name} ALIAS heddle_${name})
  target_link_libraries(heddle_${name} PUBLIC heddle_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  heddle_precompile(heddle_${name})
endfunction()

# heddle_tests(NAME SOURCES ... [ALONE ...] LINKS ...): a Catch2 program; every TEST_CASE is a test of ctest, with a
# sanitizer all of them together.
function(heddle_tests name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE;LINKS" ${ARGN})
  add_executable(${name})
  heddle_sources(${name} TOGETHER ${ARG_SOURCES} ALONE ${ARG_ALONE})
  target_link_libraries(${name} PRIVATE heddle_options heddle_catch_main ${ARG_LINKS})
  # What is tested is compiled as it is shipped; to optimise the tests would double the time that they take to compile.
  target_compile_options(${name} PRIVATE -O0)
  target_precompile_headers(${name} REUSE_FROM heddle_precompiled_tests)
  if(HEDDLE_SANITIZE)
    # Most cases take less than their process takes to start with a sanitizer. What has most files goes first.
    list(LENGTH ARG_SOURCES files)
    add_test(NAME "${name}: all cases" COMMAND ${name})
    set_tests_properties("${name}: all cases" PROPERTIES COST ${files})
  else()
    catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST)
  endif()
endfunction()

# heddle_fast_memory(TARGET): the program takes memory from mimalloc, which costs runs and streams a quarter less than
# the allocator of libc. For programs only: a library leaves that choice to the program it ends up in.
function(heddle_fast_memory target)
  if(TARGET mimalloc)
    target_link_libraries(${target} PRIVATE -Wl,--push-state,--no-as-needed mimalloc -Wl,--pop-state)
  endif()
endfunction()
