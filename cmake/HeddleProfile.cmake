# Code is arranged by what ran when the program was measured: what is seldom reached lies apart, and what is called often is
# inlined. clang compares each function with the one that was recorded, and takes no notice of the record where it changed.
# `make profile` records anew; cmake/heddle.profdata is all that it leaves.
set(HEDDLE_PROFILE "" CACHE STRING "record: count what runs; use: compile by what was recorded; empty: neither")

# A function of an unnamed namespace is known by the name of its file as well: without the folder, which is another one in
# another checkout.
set(HEDDLE_PROFILE_NAMES "SHELL:-mllvm -static-func-full-module-prefix=false")
if(HEDDLE_PROFILE AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "HEDDLE_PROFILE needs clang, this is ${CMAKE_CXX_COMPILER_ID}; leave it empty")
endif()
if(HEDDLE_PROFILE STREQUAL "record")
  set(HEDDLE_PROFILE_OPTIONS -fprofile-generate ${HEDDLE_PROFILE_NAMES})
  target_link_options(heddle_boost PUBLIC -fprofile-generate)
elseif(HEDDLE_PROFILE STREQUAL "use")
  # Named from where the compiler runs, so that ccache knows it again in another folder.
  file(RELATIVE_PATH HEDDLE_PROFILE_DATA ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/cmake/heddle.profdata)
  set(HEDDLE_PROFILE_OPTIONS -fprofile-use=${HEDDLE_PROFILE_DATA} ${HEDDLE_PROFILE_NAMES}
    # What changed since, and what never ran.
    -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin
    # So that the linker can put what runs side by side, callers beside whom they call.
    -ffunction-sections)
  target_link_options(heddle_boost PUBLIC "$<BUILD_INTERFACE:-Wl,-z,keep-text-section-prefix>")
elseif(HEDDLE_PROFILE)
  message(FATAL_ERROR "HEDDLE_PROFILE is \"${HEDDLE_PROFILE}\"; it may be record, use, or empty")
endif()

# heddle_profiled(TARGET)
function(heddle_profiled target)
  target_compile_options(${target} PRIVATE ${HEDDLE_PROFILE_OPTIONS})
  if(HEDDLE_PROFILE STREQUAL "use")
    get_target_property(sources ${target} SOURCES)
    set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/heddle.profdata)
  endif()
endfunction()
