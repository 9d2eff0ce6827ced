/* The C interface of the Millrace client: what every other language builds on.
 *
 *   millrace_options* options = millrace_options_new();
 *   millrace_options_set_text(options, "endpoints", "localhost:8090", &why);
 *   millrace_options_set_text(options, "plan", plan_text, &why);
 *   millrace_stream* stream = NULL;
 *   int code = millrace_stream_start(options, &stream, &why);
 *   if (code == MILLRACE_OK) code = millrace_stream_open(stream, -1, &why);
 *   millrace_batch* batch = NULL;
 *   while (millrace_stream_next(stream, -1, &batch, &why) == MILLRACE_OK) {
 *     const millrace_tensor* image = millrace_batch_find(batch, "image");
 *     ...
 *     millrace_batch_release(batch);
 *   }
 *   millrace_stream_release(stream);
 *   millrace_options_release(options);
 *
 * Compatibility. The library is libmillrace.so.1; a program built against one
 * version of it runs with every later one. Functions are added, never changed
 * or taken away. What grows goes by name (options, the members of JSON
 * objects); a struct is only ever read through a pointer that the library
 * gives, and may get more members at its end.
 *
 * Errors. A function that can fail returns MILLRACE_OK or another code, and
 * sets *message, where `message` is not NULL, to a text that says what, which,
 * and what to do, or to NULL when it succeeds. The text is the caller's, for
 * millrace_free(). Out parameters are set on success only. No exception leaves
 * the library; out of memory is RESOURCE_EXHAUSTED.
 *
 * Memory. What a function hands over by `char**` or `void**` is the caller's,
 * for millrace_free(). A `const` pointer belongs to the handle that it came
 * from, and lives as long. Release functions take NULL.
 *
 * Threads. Different handles may be used from different threads at will. Of one
 * stream, millrace_stream_cancel(), millrace_stream_stats() and everything that
 * tells what it is may be called from any thread at any time; open, next and
 * state from any thread, one at a time (a second one waits for the first). A
 * batch may be read and released from any thread, whether its stream still
 * lives or not.
 *
 * fork(). gRPC does not survive it. In a child of a process that has started a
 * stream or asked for a dataset, what needs the network is FAILED_PRECONDITION,
 * and releasing and cancelling do nothing. Batches can still be read there.
 *
 * A process must not also link the C++ library, millrace::client: both register
 * the same messages with Protobuf.
 *
 * Text is UTF-8 and ends with a zero byte. Times are in seconds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MILLRACE_API __attribute__((visibility("default")))
#else
#define MILLRACE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Counts the additions to this header. */
#define MILLRACE_ABI_VERSION 1

/* The version of the library that runs, such as 1 and "0.1.0". */
MILLRACE_API int32_t millrace_abi_version(void);
MILLRACE_API const char* millrace_version(void);

/* gRPC's codes, of which these come from here. */
enum {
  MILLRACE_OK = 0,
  MILLRACE_CANCELLED = 1,
  MILLRACE_UNKNOWN = 2,
  MILLRACE_INVALID_ARGUMENT = 3,
  MILLRACE_DEADLINE_EXCEEDED = 4,
  MILLRACE_NOT_FOUND = 5,
  MILLRACE_ALREADY_EXISTS = 6,
  MILLRACE_PERMISSION_DENIED = 7,
  MILLRACE_RESOURCE_EXHAUSTED = 8,
  MILLRACE_FAILED_PRECONDITION = 9,
  MILLRACE_ABORTED = 10,
  MILLRACE_OUT_OF_RANGE = 11,
  MILLRACE_UNIMPLEMENTED = 12,
  MILLRACE_INTERNAL = 13,
  MILLRACE_UNAVAILABLE = 14,
  MILLRACE_DATA_LOSS = 15,
  MILLRACE_UNAUTHENTICATED = 16
};

/* "INVALID_ARGUMENT"; "" for what is no code. Lives forever. */
MILLRACE_API const char* millrace_code_name(int32_t code);

/* NULL is nothing. */
MILLRACE_API void millrace_free(void* memory);

/* Tells the C library to keep up to `bytes` of freed memory in each of its
 * arenas. It takes and frees the memory of every message; as it stands, pages
 * are cleared and mapped anew each time, which can be half of what receiving
 * costs. Holds for the whole process, so it is the program's to call: once, at
 * its start. Nothing elsewhere than with glibc. */
MILLRACE_API void millrace_keep_freed_memory(size_t bytes);

/* --- Plans -------------------------------------------------------------- */

/* Reads a plan in protobuf's text format (millrace/v1/plan.proto), without any
 * network, and gives it as JSON: fields by the names of plan.proto, enums by
 * name, what is not set left out. `json` may be NULL, to only check the form.
 * What needs the dataset, and all ranges, the server checks.
 * INVALID_ARGUMENT: "NAME:LINE:COLUMN: what is wrong"; `name` stands for the
 * source in it, NULL for "plan". */
MILLRACE_API int32_t millrace_plan_parse(const char* text, const char* name,
                                         char** json, char** message);

/* --- Options of a stream ------------------------------------------------ */

typedef struct millrace_options millrace_options;

/* With all defaults; the caller's, for millrace_options_release(). NULL: out of
 * memory. For one thread at a time. */
MILLRACE_API millrace_options* millrace_options_new(void);
MILLRACE_API void millrace_options_release(millrace_options* options);

/* Each sets the option of this name; the last value counts. INVALID_ARGUMENT:
 * there is no such option of this kind (the message lists those there are), or
 * the value cannot be read. Ranges are checked by millrace_stream_start().
 *
 * Texts:
 *   endpoints    servers, with commas between: "host:port", or
 *                "dns:///host:port" for every address of a name
 *   plan         a plan in protobuf's text format
 *   name         names this trainer in logs and metrics; at most 64 bytes
 *   audit_log    a file that gets a line for each step that was handed out;
 *                empty, the default: none
 * Bytes:
 *   state        what millrace_stream_state() gave, of this plan, at any world
 *                size: goes on from there, on the same versions of its
 *                datasets. start_step must be 0. No bytes: none.
 * Integers:
 *   rank, world_size    as in torch.distributed (0 of 1)
 *   start_step          counted over epochs (0)
 *   end_step, end_epoch the first that is not wanted; 0, the default: endless
 *   prefetch_steps      asked for and not yet handed out; each costs one batch
 *                       of memory (4)
 *   prefetch_bytes      no more of them than have so many bytes together (2^30)
 *   connections         to each server (1)
 *   max_message_bytes   a message larger than this ends the stream (2^31)
 * Seconds, which may be INFINITY where "never" makes sense:
 *   hedge_after         a step that is late, and at least by this, is asked of
 *                       a second server, too (0.02)
 *   give_up_after       fail when waiting took so long and no step came (300)
 *   min_backoff, max_backoff   between attempts to connect (0.1, 10)
 *   keepalive           silence after which a server is pinged (20)
 *   resolve_every       looks names up again (30) */
MILLRACE_API int32_t millrace_options_set_text(millrace_options* options,
                                               const char* name,
                                               const char* value,
                                               char** message);
MILLRACE_API int32_t millrace_options_set_bytes(millrace_options* options,
                                                const char* name,
                                                const void* data, size_t size,
                                                char** message);
MILLRACE_API int32_t millrace_options_set_integer(millrace_options* options,
                                                  const char* name,
                                                  uint64_t value,
                                                  char** message);
MILLRACE_API int32_t millrace_options_set_seconds(millrace_options* options,
                                                  const char* name,
                                                  double value, char** message);

/* What millrace_stream_start() checks, without starting. INVALID_ARGUMENT;
 * FAILED_PRECONDITION: the state is of other datasets. */
MILLRACE_API int32_t millrace_options_check(const millrace_options* options,
                                            char** message);

/* --- A stream ----------------------------------------------------------- */

typedef struct millrace_stream millrace_stream;
typedef struct millrace_batch millrace_batch;

/* Values of plan.proto's DType: 1 UINT8, 2 INT32, 3 INT64, 4 FLOAT32,
 * 5 FLOAT64, 6 FLOAT16, 7 BFLOAT16. */
typedef struct millrace_tensor {
  const char* name;
  int32_t dtype;
  int32_t dimensions;
  /* So many extents. In what a stream promises, -1 where it differs between
   * batches. */
  const int64_t* shape;
  /* Row-major, little-endian, aligned to 64 bytes; the caller may write to it.
   * NULL in what a stream promises, and where there are no bytes. */
  void* data;
  uint64_t bytes;
} millrace_tensor;

/* Starts to connect and returns at once; `options` may be released. The stream
 * is the caller's, for millrace_stream_release(). As millrace_options_check().
 */
MILLRACE_API int32_t millrace_stream_start(const millrace_options* options,
                                           millrace_stream** stream,
                                           char** message);

/* Waits for the server's answer to the plan, for at most `timeout` seconds;
 * negative: without end. DEADLINE_EXCEEDED: not yet; call again.
 * A plan that is refused is refused here, with the server's code (NOT_FOUND,
 * INVALID_ARGUMENT, ...). UNAVAILABLE: no server for give_up_after.
 * FAILED_PRECONDITION: the state is of another plan; the message says what
 * differs. CANCELLED. */
MILLRACE_API int32_t millrace_stream_open(millrace_stream* stream,
                                          double timeout, char** message);

/* What the server answered. Before millrace_stream_open() was MILLRACE_OK all
 * of these are 0 or NULL. The plan is in text format, with every default
 * written out and datasets pinned to their versions. Tensors come in the order
 * that they have in batches; index < count. */
MILLRACE_API uint64_t
millrace_stream_steps_per_epoch(const millrace_stream* stream);
MILLRACE_API uint64_t
millrace_stream_positions_per_epoch(const millrace_stream* stream);
MILLRACE_API uint64_t
millrace_stream_plan_digest(const millrace_stream* stream);
MILLRACE_API uint64_t
millrace_stream_batch_bytes(const millrace_stream* stream);
MILLRACE_API const char* millrace_stream_plan(const millrace_stream* stream);
MILLRACE_API size_t millrace_stream_tensor_count(const millrace_stream* stream);
MILLRACE_API const millrace_tensor* millrace_stream_tensor(
    const millrace_stream* stream, size_t index);

/* The next step's batch, in order, each exactly once; waits for at most
 * `timeout` seconds; negative: without end, 0: not at all. The batch is the
 * caller's, for millrace_batch_release().
 * OUT_OF_RANGE: the end was reached. DEADLINE_EXCEEDED: not there yet; nothing
 * is lost, call again (the time counts as waiting for give_up_after).
 * UNAVAILABLE: no server for give_up_after. CANCELLED. FAILED_PRECONDITION
 * before the stream is open, or if the audit log cannot be written. Any other:
 * the verdict of every server that can be reached; final. */
MILLRACE_API int32_t millrace_stream_next(millrace_stream* stream,
                                          double timeout,
                                          millrace_batch** batch,
                                          char** message);

#define MILLRACE_AFTER_LAST UINT64_MAX

/* Where to go on, for the option "state": some hundred bytes, the same for all
 * ranks. `next_step`: the first step that is then handed out;
 * MILLRACE_AFTER_LAST: the one after the last batch that
 * millrace_stream_next() gave. FAILED_PRECONDITION before the stream is open.
 */
MILLRACE_API int32_t millrace_stream_state(millrace_stream* stream,
                                           uint64_t next_step, void** data,
                                           size_t* size, char** message);

/* Ends all waiting, now and later, with CANCELLED. */
MILLRACE_API void millrace_stream_cancel(millrace_stream* stream);

/* A JSON object of what happened so far. Numbers, but for the texts "endpoint"
 * and "last_failure":
 *   steps, bytes       received
 *   reconnects, retries, hedges, hedges_won
 *   wait_seconds       that next spent waiting
 *   failures           connections that were lost or could not be made
 *   last_failure       why, of the last one; "" without
 *   endpoints          of each: endpoint, connected, steps, bytes, failures,
 *                      median_latency_seconds, p99_latency_seconds */
MILLRACE_API int32_t millrace_stream_stats(const millrace_stream* stream,
                                           char** json, char** message);

/* Cancels, waits for the connection's end (up to a second), frees. Batches
 * stay. No other call on the stream may be under way. */
MILLRACE_API void millrace_stream_release(millrace_stream* stream);

/* --- A batch ------------------------------------------------------------ */

/* Counted over epochs; epoch = step / steps_per_epoch. */
MILLRACE_API uint64_t millrace_batch_step(const millrace_batch* batch);
MILLRACE_API uint64_t millrace_batch_epoch(const millrace_batch* batch);
MILLRACE_API uint64_t millrace_batch_step_in_epoch(const millrace_batch* batch);

/* Tensors live as long as the batch; index < count. Find gives NULL if there
 * is none of this name. docs/architecture.md lists the tensors. */
MILLRACE_API size_t millrace_batch_tensor_count(const millrace_batch* batch);
MILLRACE_API const millrace_tensor* millrace_batch_tensor(
    const millrace_batch* batch, size_t index);
MILLRACE_API const millrace_tensor* millrace_batch_find(
    const millrace_batch* batch, const char* name);

/* Gives the memory of its tensors back. */
MILLRACE_API void millrace_batch_release(millrace_batch* batch);

/* --- Datasets ----------------------------------------------------------- */

/* Asks one server about a dataset, "NAME" or "NAME@VERSION": the fields of
 * millrace/v1/dataset.proto's DatasetInfo as a JSON object, with samples,
 * annotations, categories (name, title, samples, ...). Waits for at most
 * `timeout` seconds, and does not retry. NOT_FOUND, UNAVAILABLE,
 * DEADLINE_EXCEEDED. */
MILLRACE_API int32_t millrace_dataset_info(const char* endpoint,
                                           const char* dataset, double timeout,
                                           char** json, char** message);

#ifdef __cplusplus
}
#endif
