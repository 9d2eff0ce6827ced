# millrace_room(NAME SOURCES a.cc ... [PUBLIC lib ...] [PRIVATE lib ...])
#
# One static library a room, called millrace_NAME. Headers are included from
# the root: "storage/shard.h".
function(millrace_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(millrace_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(millrace_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
  target_link_libraries(millrace_${name} PUBLIC ${ROOM_PUBLIC}
                        PRIVATE ${ROOM_PRIVATE})
endfunction()

# millrace_room_test(NAME SOURCES a_test.cc ... [LIBRARIES lib ...])
#
# One test binary a room, called NAME_test, with one ctest entry a test suite
# (its process isolates it; see tests/CMakeLists.txt).
function(millrace_room_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${TEST_LIBRARIES} GTest::gmock
                        GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name}_test)
  # testing::TempDir(): one a build, so that two builds can test side by side.
  set(scratch ${CMAKE_CURRENT_BINARY_DIR}/scratch)
  file(MAKE_DIRECTORY ${scratch})
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "${MILLRACE_TEST_ENVIRONMENT};TEST_TMPDIR=${scratch}"
    TIMEOUT 900)
endfunction()
