# Files of one folder that are compiled together read what they include once, and make what they take from templates once: the
# product takes 55 % of the processor's time for it. After a change it takes longer: the preset `dev` compiles each file by
# itself.
#
# CMake can do this as well (CMAKE_UNITY_BUILD), but its parts name their files by full paths, so that ccache knows none of them
# again in another folder; and are numbered through a target, so that a new file renames all behind it, while the record of
# what runs (HeddleProfile.cmake) knows functions of unnamed namespaces by the name of the part.
set(HEDDLE_TOGETHER "" CACHE STRING "How many files of a folder are compiled together; empty: each by itself")

# heddle_sources(TARGET TOGETHER source... ALONE source...). Those under ALONE have a name of their own, in an unnamed namespace,
# that another file of the folder has as well, or options of their own, or replace functions of the whole program: of a
# library, a program gets all of a part of which it needs something.
function(heddle_sources target)
  cmake_parse_arguments(ARG "" "" "TOGETHER;ALONE" ${ARGN})
  target_sources(${target} PRIVATE ${ARG_TOGETHER} ${ARG_ALONE})
  # Asked for, or left in an older build folder, CMake's way would put all of these together.
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  if(NOT HEDDLE_TOGETHER OR NOT ARG_TOGETHER)
    return()
  endif()
  foreach(source IN LISTS ARG_TOGETHER)
    get_filename_component(path ${source} ABSOLUTE)
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${path})
    get_filename_component(folder ${path} DIRECTORY)
    string(MAKE_C_IDENTIFIER ${target}_${folder} folder)
    list(APPEND of_${folder} ${source})
    list(LENGTH of_${folder} count)
    math(EXPR number "(${count} - 1) / ${HEDDLE_TOGETHER}")
    list(APPEND parts ${folder}_${number})
    string(APPEND text_of_${folder}_${number} "#include \"${path}\"\n")
  endforeach()
  list(REMOVE_DUPLICATES parts)
  foreach(part IN LISTS parts)
    file(CONFIGURE OUTPUT ${part}.cpp CONTENT "${text_of_${part}}" @ONLY)
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${part}.cpp)
  endforeach()
  # Named, so that tools find them, and read by the parts.
  set_source_files_properties(${ARG_TOGETHER} PROPERTIES HEADER_FILE_ONLY ON)
endfunction()
