# Flags that every target of ours gets.

# Same bytes on every CPU: no fused multiply-add behind our back.
add_compile_options(-ffp-contract=off -fno-omit-frame-pointer)
add_compile_options(-Wall -Wextra -Wshadow -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_compile_options(-Wthread-safety -Werror=thread-safety)
endif()
if(MILLRACE_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "" FORCE)
# Sanitizer builds: fast enough to run all tests, line numbers in reports.
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -gline-tables-only")
if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE}
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
endif()
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
