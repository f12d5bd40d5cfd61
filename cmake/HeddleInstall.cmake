# The package that programs of others find: find_package(heddle), then link heddle::api, heddle::graphs or
# heddle::runtime. What it needs comes from the same Debian packages.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(HEDDLE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/heddle)
foreach(part boost options storage runtime graphs http api)
  set_target_properties(heddle_${part} PROPERTIES EXPORT_NAME ${part})
  install(TARGETS heddle_${part} EXPORT heddleTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT development)
endforeach()
install(TARGETS heddle RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
foreach(folder storage runtime graphs api)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heddle COMPONENT development
    FILES_MATCHING PATTERN "*.h")
endforeach()
install(EXPORT heddleTargets NAMESPACE heddle:: DESTINATION ${HEDDLE_PACKAGE_DIR} COMPONENT development)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/heddleConfig.cmake DESTINATION ${HEDDLE_PACKAGE_DIR} COMPONENT development)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/heddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/heddleConfigVersion.cmake DESTINATION ${HEDDLE_PACKAGE_DIR} COMPONENT development)
