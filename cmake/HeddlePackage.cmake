# Debian packages: `heddle`, the program with its service, and `libheddle-dev`, what graphs of one's own are built with.
#   cmake --build --preset release && (cd build/release && cpack)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME heddle)
set(CPACK_PACKAGE_VENDOR heddle)
set(CPACK_PACKAGE_CONTACT "heddle <heddle@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL server development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME heddle)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "Native server that speaks the LangGraph API
 Runs agent graphs with threads, streams, checkpoints, interrupts, a store and crons, in one process with one SQLite file.")
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
# Time zones of crons, certificates of providers, the service's user, and what starts it.
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "adduser, ca-certificates, init-system-helpers, tzdata")
file(WRITE ${CMAKE_BINARY_DIR}/conffiles "/etc/heddle/langgraph.json\n/etc/heddle/heddle.env\n")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/conffiles
  ${CMAKE_SOURCE_DIR}/packaging/deb/postinst ${CMAKE_SOURCE_DIR}/packaging/deb/prerm ${CMAKE_SOURCE_DIR}/packaging/deb/postrm)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libheddle-dev)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Libraries and headers to build graphs of one's own for heddle
 See docs/graphs.md.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libboost1.81-dev, libsqlitecpp-dev, libsqlite3-dev, \
libcurl4-openssl-dev, libssl-dev, libcli11-dev, libxxhash-dev, libhowardhinnant-date-dev, pkg-config")

# Absolute, because /etc and the folder of units are not below the prefix. Written only into packages, never by --install.
install(FILES packaging/deb/langgraph.json packaging/deb/heddle.env DESTINATION /etc/heddle
  COMPONENT server EXCLUDE_FROM_ALL)
install(FILES packaging/deb/heddle.service DESTINATION /lib/systemd/system COMPONENT server EXCLUDE_FROM_ALL)
include(CPack)
