# Installs from BUILD_DIR below WORK_DIR, then builds and runs the program in
# SOURCE_DIR with nothing but the installed package.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The trainer that README.md shows, as a function.
file(READ ${SOURCE_DIR}/../../../README.md readme)
if(NOT readme MATCHES "```cpp\n([^`]*)```")
  message(FATAL_ERROR "README.md shows no C++")
endif()
file(WRITE ${WORK_DIR}/readme.cc "
#include \"client/batch_stream.h\"

struct Checkpoint {
  millrace::v1::StreamState state;
};
void Train(const millrace::client::TensorView& images,
           const millrace::client::TensorView& labels);

void TrainAsReadmeShows(const millrace::v1::Plan& plan,
                        const Checkpoint& checkpoint) {
${CMAKE_MATCH_1}}
")

set(prefix ${WORK_DIR}/prefix)
set(consumer ${WORK_DIR}/consumer_build)
file(REMOVE_RECURSE ${prefix} ${consumer})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix}
    --component millrace_client)
run(${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${consumer} -G ${GENERATOR}
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
    -DREADME_PROGRAM=${WORK_DIR}/readme.cc)
run(${CMAKE_COMMAND} --build ${consumer})
run(${consumer}/consumer)
run(${consumer}/c_consumer)
