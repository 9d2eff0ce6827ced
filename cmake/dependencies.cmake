# Everything comes from the system (see scripts/setup.sh); nothing is fetched.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(hwy REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(pugixml REQUIRED)
find_package(GTest REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)

# CRoaring's own package file in Debian 12 reports itself as not found.
find_library(MILLRACE_ROARING_LIBRARY roaring REQUIRED)
find_path(MILLRACE_ROARING_INCLUDE roaring/roaring64map.hh REQUIRED)
add_library(millrace_roaring INTERFACE)
target_link_libraries(millrace_roaring INTERFACE ${MILLRACE_ROARING_LIBRARY})
target_include_directories(millrace_roaring SYSTEM INTERFACE
  ${MILLRACE_ROARING_INCLUDE})

# Of Intel's and AMD's processors only: see storage/CMakeLists.txt.
find_library(MILLRACE_IPSEC_MB_LIBRARY IPSec_MB)
