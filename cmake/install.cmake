# What `cmake --install` puts where, in two components:
#
#   millrace_programs   bin/millraced, bin/millrace
#   millrace_client     the client library, its headers, the wire contract, and
#                       a package: find_package(millrace), millrace::client;
#                       libmillrace.so for C, millrace::c, "client/millrace.h"
#
# Headers keep the names that they have here ("client/batch_stream.h"), below
# include/millrace, so code moves in and out of this tree unchanged.
include(CMakePackageConfigHelpers)

install(TARGETS millraced millrace
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT millrace_programs)

set(include_dir ${CMAKE_INSTALL_INCLUDEDIR}/millrace)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/millrace)

foreach(room client base proto grpc)
  set_target_properties(millrace_${room} PROPERTIES EXPORT_NAME ${room})
endforeach()
install(TARGETS millrace_client millrace_base millrace_proto millrace_grpc
                millrace_c
  EXPORT millrace
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT millrace_client
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT millrace_client
    NAMELINK_COMPONENT millrace_client
  INCLUDES DESTINATION ${include_dir})
install(EXPORT millrace NAMESPACE millrace:: FILE millraceTargets.cmake
  DESTINATION ${package_dir} COMPONENT millrace_client)

install(FILES client/batch_stream.h client/batch_digest.h
              client/dataset_query.h client/malloc.h client/millrace.h
              client/plan_file.h
  DESTINATION ${include_dir}/client COMPONENT millrace_client)
install(FILES base/buffer_pool.h base/digest.h base/huge_pages.h
              base/mutex.h
  DESTINATION ${include_dir}/base COMPONENT millrace_client)
install(DIRECTORY ${CMAKE_BINARY_DIR}/gen/millrace
  DESTINATION ${include_dir} COMPONENT millrace_client
  FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY proto/millrace
  DESTINATION ${CMAKE_INSTALL_DATADIR}/millrace/proto
  COMPONENT millrace_client FILES_MATCHING PATTERN "*.proto")

configure_package_config_file(
  cmake/millraceConfig.cmake.in ${CMAKE_BINARY_DIR}/millraceConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/millraceConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/millraceConfig.cmake
              ${CMAKE_BINARY_DIR}/millraceConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT millrace_client)
