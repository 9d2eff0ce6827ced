/* Uses all of client/millrace.h against a real server.
 *
 *   c_client ENDPOINT PLAN_FILE DATASET STEPS
 *
 * Streams STEPS steps, half of them, then the rest from the saved state, and
 * prints the digest of all tensors as `millrace pull --digest` defines it
 * (client/batch_digest.h). Says which check failed, and ends with 1. */
/* fork() beside C11. */
#define _POSIX_C_SOURCE 200809L

#include "client/millrace.h"

#include <math.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char* why = NULL;

static void Fail(int line, const char* what) {
  fprintf(stderr, "c_client.c:%d: %s; the last message: %s\n", line, what,
          why == NULL ? "none" : why);
  exit(1);
}

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) Fail(__LINE__, #condition " does not hold"); \
  } while (0)

/* The call's code is `code`; a message comes with errors, and only with them.
 */
#define CHECK_CODE(code, call)                                 \
  do {                                                         \
    millrace_free(why);                                        \
    why = NULL;                                                \
    const int32_t got = (call);                                \
    if (got != (code)) Fail(__LINE__, #call " is not " #code); \
    CHECK((why != NULL) == (got != MILLRACE_OK));              \
  } while (0)

static void ExpectInMessage(int line, const char* text) {
  if (why == NULL || strstr(why, text) == NULL) Fail(line, text);
}

#define EXPECT_IN_MESSAGE(text) ExpectInMessage(__LINE__, text)

/* --- The digest ---------------------------------------------------------- */

static EVP_MD_CTX* digest;

static void AddNumber(uint64_t value) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = (unsigned char)(value >> (8 * i));
  EVP_DigestUpdate(digest, bytes, sizeof bytes);
}

static void AddBytes(const void* data, uint64_t size) {
  AddNumber(size);
  EVP_DigestUpdate(digest, data, size);
}

static void AddBatch(const millrace_batch* batch) {
  AddNumber(millrace_batch_step(batch));
  AddNumber(millrace_batch_tensor_count(batch));
  for (size_t i = 0; i < millrace_batch_tensor_count(batch); ++i) {
    const millrace_tensor* tensor = millrace_batch_tensor(batch, i);
    AddBytes(tensor->name, strlen(tensor->name));
    AddNumber((uint64_t)tensor->dtype);
    AddNumber((uint64_t)tensor->dimensions);
    for (int32_t j = 0; j < tensor->dimensions; ++j) {
      AddNumber((uint64_t)tensor->shape[j]);
    }
    AddBytes(tensor->data, tensor->bytes);
  }
}

static void PrintDigest(void) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest, hash, &size);
  for (unsigned int i = 0; i < size; ++i) printf("%02x", hash[i]);
  printf("\n");
}

/* --- Checks -------------------------------------------------------------- */

static char* ReadAll(const char* path) {
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  char* text = calloc(1, 1 << 20);
  const size_t size = fread(text, 1, (1 << 20) - 1, file);
  CHECK(size > 0);
  fclose(file);
  return text;
}

static void CheckLibrary(void) {
  CHECK(millrace_abi_version() >= MILLRACE_ABI_VERSION);
  CHECK(strlen(millrace_version()) > 0);
  CHECK(strcmp(millrace_code_name(MILLRACE_OUT_OF_RANGE), "OUT_OF_RANGE") == 0);
  CHECK(strcmp(millrace_code_name(99), "") == 0);
  CHECK(strcmp(millrace_code_name(-1), "") == 0);
  millrace_keep_freed_memory((size_t)64 << 20);
  millrace_free(NULL);
}

static void CheckPlans(const char* text) {
  char* json = NULL;
  CHECK_CODE(MILLRACE_OK, millrace_plan_parse(text, NULL, &json, &why));
  CHECK(strstr(json, "\"dataset\": \"digits\"") != NULL);
  CHECK(strstr(json, "\"order\": \"SHUFFLE\"") != NULL);
  millrace_free(json);
  CHECK_CODE(MILLRACE_OK, millrace_plan_parse(text, "x", NULL, &why));
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_plan_parse("seed: 1\nsize: 3", "my.plan", NULL, &why));
  EXPECT_IN_MESSAGE("my.plan:2:");
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_plan_parse(NULL, NULL, NULL, &why));
}

static void CheckOptions(const char* plan) {
  millrace_options* options = millrace_options_new();
  CHECK(options != NULL);
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT, millrace_options_check(options, &why));
  EXPECT_IN_MESSAGE("no endpoints");
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_text(options, "enpoints", "a:1", &why));
  EXPECT_IN_MESSAGE("endpoints, plan, name, audit_log");
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_integer(options, "plan", 1, &why));
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_integer(options, "rank", UINT64_MAX, &why));
  EXPECT_IN_MESSAGE("option rank");
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_seconds(options, "keepalive", NAN, &why));
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_bytes(options, "state", "xyz", 3, &why));
  EXPECT_IN_MESSAGE("no saved state");
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_options_set_text(options, "plan", "seed: x", &why));
  EXPECT_IN_MESSAGE("plan:1:");
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_text(options, "endpoints", "a:1, b:2", &why));
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_text(options, "plan", plan, &why));
  CHECK_CODE(MILLRACE_OK, millrace_options_set_seconds(options, "hedge_after",
                                                       INFINITY, &why));
  CHECK_CODE(MILLRACE_OK, millrace_options_check(options, &why));
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_integer(options, "rank", 3, &why));
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT, millrace_options_check(options, &why));
  EXPECT_IN_MESSAGE("rank 3");
  /* A message is nobody's duty to ask for. */
  CHECK(millrace_options_check(options, NULL) == MILLRACE_INVALID_ARGUMENT);
  millrace_options_release(options);
  millrace_options_release(NULL);
}

static millrace_options* OptionsFor(const char* endpoint, const char* plan,
                                    uint64_t end_step) {
  millrace_options* options = millrace_options_new();
  CHECK(options != NULL);
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_text(options, "endpoints", endpoint, &why));
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_text(options, "plan", plan, &why));
  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_integer(options, "end_step", end_step, &why));
  return options;
}

static void CheckPromise(const millrace_stream* stream,
                         const millrace_batch* batch) {
  const size_t count = millrace_stream_tensor_count(stream);
  CHECK(count == millrace_batch_tensor_count(batch));
  CHECK(millrace_stream_tensor(stream, count) == NULL);
  CHECK(millrace_batch_tensor(batch, count) == NULL);
  for (size_t i = 0; i < count; ++i) {
    const millrace_tensor* promised = millrace_stream_tensor(stream, i);
    const millrace_tensor* tensor = millrace_batch_tensor(batch, i);
    CHECK(promised->data == NULL && tensor->data != NULL);
    CHECK(strcmp(promised->name, tensor->name) == 0);
    CHECK(promised->dtype == tensor->dtype);
    CHECK(promised->dimensions == tensor->dimensions);
    for (int32_t j = 0; j < tensor->dimensions; ++j) {
      CHECK(promised->shape[j] == tensor->shape[j]);
    }
    CHECK((uintptr_t)tensor->data % 64 == 0);
  }
  CHECK(millrace_batch_find(batch, "image") == millrace_batch_tensor(batch, 0));
  CHECK(millrace_batch_find(batch, "no such") == NULL);
}

static millrace_batch* NextBatch(millrace_stream* stream, uint64_t step) {
  millrace_batch* batch = NULL;
  CHECK_CODE(MILLRACE_OK, millrace_stream_next(stream, 60, &batch, &why));
  const uint64_t per_epoch = millrace_stream_steps_per_epoch(stream);
  CHECK(millrace_batch_step(batch) == step);
  CHECK(millrace_batch_epoch(batch) == step / per_epoch);
  CHECK(millrace_batch_step_in_epoch(batch) == step % per_epoch);
  CheckPromise(stream, batch);
  return batch;
}

static void CheckStats(const millrace_stream* stream) {
  char* json = NULL;
  CHECK_CODE(MILLRACE_OK, millrace_stream_stats(stream, &json, &why));
  CHECK(strstr(json, "\"steps\": ") != NULL);
  CHECK(strstr(json, "\"failures\": 0") != NULL);
  CHECK(strstr(json, "\"wait_seconds\": ") != NULL);
  millrace_free(json);
}

/* A child is told that the network is not for it, may read what there is, and
 * releases without harm. */
static void CheckFork(millrace_stream* stream, millrace_batch* batch) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    millrace_batch* next = NULL;
    char* json = NULL;
    CHECK_CODE(MILLRACE_FAILED_PRECONDITION,
               millrace_stream_next(stream, -1, &next, &why));
    EXPECT_IN_MESSAGE("fork()");
    CHECK_CODE(MILLRACE_FAILED_PRECONDITION,
               millrace_stream_stats(stream, &json, &why));
    CHECK_CODE(MILLRACE_FAILED_PRECONDITION,
               millrace_dataset_info("127.0.0.1:1", "x", 60, &json, &why));
    CHECK(millrace_batch_find(batch, "image")->data != NULL);
    CHECK(millrace_stream_steps_per_epoch(stream) > 0);
    millrace_stream_cancel(stream);
    millrace_batch_release(batch);
    millrace_stream_release(stream);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Streams the steps in two streams; the second one goes on from the first's
 * state. */
static void CheckStreams(const char* endpoint, const char* plan,
                         uint64_t steps) {
  millrace_options* options = OptionsFor(endpoint, plan, steps);
  millrace_stream* stream = NULL;
  millrace_batch* batch = NULL;
  CHECK_CODE(MILLRACE_OK, millrace_stream_start(options, &stream, &why));
  CHECK_CODE(MILLRACE_OK, millrace_stream_open(stream, -1, &why));
  CHECK_CODE(MILLRACE_OK, millrace_stream_open(stream, 0, &why));
  CHECK(strstr(millrace_stream_plan(stream), "dataset: \"digits@") != NULL);
  CHECK(millrace_stream_plan_digest(stream) != 0);
  CHECK(millrace_stream_positions_per_epoch(stream) >=
        millrace_stream_steps_per_epoch(stream));
  CHECK(millrace_stream_batch_bytes(stream) > 0);

  uint64_t step = 0;
  for (; step < steps / 2; ++step) {
    millrace_batch_release(batch);
    batch = NextBatch(stream, step);
    AddBatch(batch);
  }
  void* state = NULL;
  void* same = NULL;
  size_t size = 0;
  size_t same_size = 0;
  CHECK_CODE(MILLRACE_OK, millrace_stream_state(stream, MILLRACE_AFTER_LAST,
                                                &state, &size, &why));
  CHECK_CODE(MILLRACE_OK,
             millrace_stream_state(stream, step, &same, &same_size, &why));
  CHECK(size == same_size && memcmp(state, same, size) == 0);
  millrace_free(same);
  CheckStats(stream);
  CheckFork(stream, batch);

  /* A batch outlives its stream. */
  const unsigned char before =
      *(const unsigned char*)millrace_batch_find(batch, "image")->data;
  millrace_stream_release(stream);
  CHECK(before == *(unsigned char*)millrace_batch_find(batch, "image")->data);
  millrace_batch_release(batch);

  CHECK_CODE(MILLRACE_OK,
             millrace_options_set_bytes(options, "state", state, size, &why));
  millrace_free(state);
  CHECK_CODE(MILLRACE_OK, millrace_stream_start(options, &stream, &why));
  millrace_options_release(options);
  CHECK_CODE(MILLRACE_OK, millrace_stream_open(stream, 60, &why));
  for (; step < steps; ++step) {
    batch = NextBatch(stream, step);
    AddBatch(batch);
    millrace_batch_release(batch);
  }
  CHECK_CODE(MILLRACE_OUT_OF_RANGE,
             millrace_stream_next(stream, 0, &batch, &why));
  millrace_stream_cancel(stream);
  millrace_stream_release(stream);
  millrace_stream_release(NULL);
  millrace_batch_release(NULL);
}

static void* Cancel(void* stream) {
  millrace_stream_cancel(stream);
  return NULL;
}

/* Nobody answers there: what waits is ended from another thread. */
static void CheckCancel(const char* plan) {
  millrace_options* options = OptionsFor("127.0.0.1:1", plan, 0);
  millrace_stream* stream = NULL;
  millrace_batch* batch = NULL;
  CHECK_CODE(MILLRACE_OK, millrace_stream_start(options, &stream, &why));
  millrace_options_release(options);
  CHECK_CODE(MILLRACE_DEADLINE_EXCEEDED,
             millrace_stream_open(stream, 0.01, &why));
  CHECK_CODE(MILLRACE_FAILED_PRECONDITION,
             millrace_stream_next(stream, 0, &batch, &why));
  EXPECT_IN_MESSAGE("not open");
  CHECK(millrace_stream_plan(stream) == NULL);
  CHECK(millrace_stream_tensor_count(stream) == 0);
  CHECK(millrace_stream_steps_per_epoch(stream) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, Cancel, stream) == 0);
  CHECK_CODE(MILLRACE_CANCELLED, millrace_stream_open(stream, -1, &why));
  CHECK(pthread_join(thread, NULL) == 0);
  millrace_stream_release(stream);
}

static void CheckDatasets(const char* endpoint, const char* dataset) {
  char* json = NULL;
  CHECK_CODE(MILLRACE_OK,
             millrace_dataset_info(endpoint, dataset, 60, &json, &why));
  CHECK(strstr(json, "\"samples\": ") != NULL);
  CHECK(strstr(json, "\"categories\": [") != NULL);
  millrace_free(json);
  CHECK_CODE(MILLRACE_NOT_FOUND,
             millrace_dataset_info(endpoint, "none", 60, &json, &why));
  CHECK_CODE(MILLRACE_INVALID_ARGUMENT,
             millrace_dataset_info(endpoint, dataset, 0, &json, &why));
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: c_client ENDPOINT PLAN_FILE DATASET STEPS\n");
    return 2;
  }
  char* plan = ReadAll(argv[2]);
  digest = EVP_MD_CTX_new();
  EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
  CheckLibrary();
  CheckPlans(plan);
  CheckOptions(plan);
  CheckStreams(argv[1], plan, strtoull(argv[4], NULL, 10));
  CheckCancel(plan);
  CheckDatasets(argv[1], argv[3]);
  PrintDigest();
  EVP_MD_CTX_free(digest);
  millrace_free(why);
  free(plan);
  return 0;
}
