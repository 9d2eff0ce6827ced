#include <cstddef>
#include <type_traits>

#include "image/baseline_lanes.h"

#ifdef MILLRACE_ENTROPY_LANES_X86

namespace millrace {
namespace {

// What the instructions below rely on.
static_assert(offsetof(EntropyLane, at) == 0);
static_assert(offsetof(EntropyLane, word) == 8);
static_assert(offsetof(EntropyLane, counter) == 16);
static_assert(offsetof(EntropyLane, table) == 24);
static_assert(offsetof(EntropyLane, run) == 32);
static_assert(offsetof(EntropyLane, end) == 40);
static_assert(sizeof(EntropyLane) == 48);
static_assert(offsetof(EntropyLanes, start) == 144);
static_assert(offsetof(EntropyRun, table) == 0);
static_assert(offsetof(EntropyRun, coefficients) == 8);
static_assert(sizeof(EntropyRun) == 16);
static_assert(HuffmanDecoder::kLookUpBits == 11);
// Its entries lie at its beginning.
static_assert(std::is_standard_layout_v<HuffmanDecoder>);

}  // namespace

// Registers of the lanes: word, counter, its lowest byte, table, run.
#define LANE_0(MACRO) MACRO("0", "r8", "r9", "r9b", "r10", "r11")
#define LANE_1(MACRO) MACRO("1", "r12", "r13", "r13b", "r14", "r15")
#define LANE_2(MACRO) MACRO("2", "rsi", "rdi", "dil", "rbp", "rbx")
#define ALL_LANES(MACRO) LANE_0(MACRO) LANE_1(MACRO) LANE_2(MACRO)
#define STEP_OF_ALL(MACRO, NUMBER)                       \
  MACRO(NUMBER, "0", "r8", "r9", "r9b", "r10", "r11")    \
  MACRO(NUMBER, "1", "r12", "r13", "r13b", "r14", "r15") \
  MACRO(NUMBER, "2", "rsi", "rdi", "dil", "rbp", "rbx")

// In the stack frame: what there are no registers for.
#define AT(LANE) "8*" LANE "(%rsp)"
#define END(LANE) "24+8*" LANE "(%rsp)"
#define START "48(%rsp)"
#define LANES "56(%rsp)"
#define FRAME "64"

// In *LANES, addressed by rax.
#define MEMBER(LANE, OFFSET) OFFSET "+48*" LANE "(%rax)"

#define LOAD_LANE(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "movq " MEMBER(LANE, "0") ", %rcx\n"                    \
  "movq %rcx, " AT(LANE) "\n"                             \
  "movq " MEMBER(LANE, "40") ", %rcx\n"                   \
  "movq %rcx, " END(LANE) "\n"                            \
  "movq " MEMBER(LANE, "8") ", %" WORD "\n"               \
  "movq " MEMBER(LANE, "16") ", %" COUNTER "\n"           \
  "movq " MEMBER(LANE, "24") ", %" TABLE "\n"             \
  "movq " MEMBER(LANE, "32") ", %" RUN "\n"

#define SAVE_LANE(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "movq " AT(LANE) ", %rcx\n"                             \
  "movq %rcx, " MEMBER(LANE, "0") "\n"                    \
  "movq %" WORD ", " MEMBER(LANE, "8") "\n"               \
  "movq %" COUNTER ", " MEMBER(LANE, "16") "\n"           \
  "movq %" TABLE ", " MEMBER(LANE, "24") "\n"             \
  "movq %" RUN ", " MEMBER(LANE, "32") "\n"

// At least 56 bits. Leaves `at` in rax.
#define REFILL(LANE, WORD) \
  "tzcntq %" WORD ", %rax\n" \
  "movl %eax, %ecx\n" \
  "shrl $3, %eax\n" \
  "addq " AT(LANE) ", %rax\n" \
  "movq %rax, " AT(LANE) "\n" \
  "movq (%rax), %" WORD "\n" \
  "bswapq %" WORD "\n" \
  "orq $1, %" WORD "\n" \
  "andl $7, %ecx\n" \
  "shlxq %rcx, %" WORD ", %" WORD "\n"

#define BEGIN_ROUND(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  REFILL(LANE, WORD)                                        \
  "cmpq " END(LANE) ", %rax\n" \
  "ja 300f\n"

// The entry, in eax.
#define LOOK_UP(WORD, TABLE) \
  "movq %" WORD              \
  ", %rax\n"                 \
  "shrq $53, %rax\n"         \
  "movl (%" TABLE ",%rax,4), %eax\n"

// Stores the value in ax behind the advance in cl. The counter overflows where
// a run ends: whether it does is a toss-up to a branch predictor, and each miss
// would stop all lanes, so there is no branch.
#define PLACE(COUNTER, COUNT, TABLE, RUN) \
  "movq 8(%" RUN                          \
  "), %rdx\n"                             \
  "addb %cl, %" COUNT                     \
  "\n"                                    \
  "movzbl (%" COUNTER                     \
  "), %ecx\n"                             \
  "movw %ax, (%rdx,%rcx,2)\n"             \
  "leaq 16(%" RUN                         \
  "), %rcx\n"                             \
  "cmovcq " START ", %" COUNTER           \
  "\n"                                    \
  "cmovcq 16(%" RUN "), %" TABLE          \
  "\n"                                    \
  "cmovcq %rcx, %" RUN "\n"

// A coefficient. Labels are of the step and the lane.
#define STEP(NUMBER, LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  LOOK_UP(WORD, TABLE)                                       \
  "testb %al, %al\n"                                         \
  "jz 1" NUMBER LANE                                         \
  "f\n"                                                      \
  "shlxq %rax, %" WORD ", %" WORD                            \
  "\n"                                                       \
  "movzbl %ah, %ecx\n"                                       \
  "shrl $16, %eax\n"                                         \
  "2" NUMBER LANE ":\n" PLACE(COUNTER, COUNT, TABLE, RUN)

// The value that follows the code of the entry in edx, in ecx. Its bits are the
// magnitude, inverted before a negative one, which begins with a zero.
#define TAKE_VALUE(WORD)          \
  "movl %edx, %ecx\n"             \
  "shrl $16, %ecx\n"              \
  "shlxq %rcx, %" WORD ", %" WORD \
  "\n"                            \
  "movq %" WORD                   \
  ", %rax\n"                      \
  "notq %rax\n"                   \
  "sarq $63, %rax\n"              \
  "shrl $8, %ecx\n"               \
  "negl %ecx\n"                   \
  "xorq %rax, %" WORD             \
  "\n"                            \
  "shrxq %rcx, %" WORD            \
  ", %rcx\n"                      \
  "xorq %rax, %" WORD             \
  "\n"                            \
  "xorl %eax, %ecx\n"             \
  "subl %eax, %ecx\n"             \
  "movl %edx, %eax\n"             \
  "shrl $24, %eax\n"              \
  "shlxq %rax, %" WORD ", %" WORD "\n"

#define BEGIN_LONG_STEP(NUMBER, LANE) \
  "1" NUMBER LANE                     \
  ":\n"                               \
  "testl %eax, %eax\n"                \
  "jz 9" LANE                         \
  "f\n"                               \
  "movl %eax, %edx\n"

// In the first three steps of a round, the word holds a code and a value
// whatever their sizes, and those that follow need it full.
#define EARLY_LONG_STEP(NUMBER, LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  BEGIN_LONG_STEP(NUMBER, LANE)                                         \
  TAKE_VALUE(WORD)                                                      \
  "shll $16, %ecx\n" \
  "movzwl %dx, %edx\n" \
  "orl %ecx, %edx\n" \
  REFILL(LANE, WORD) \
  "movl %edx, %eax\n" \
  "movzbl %dh, %ecx\n" \
  "shrl $16, %eax\n" \
  "jmp 2" NUMBER LANE "b\n"

#define LATE_LONG_STEP(NUMBER, LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  BEGIN_LONG_STEP(NUMBER, LANE)                                        \
  REFILL(LANE, WORD)                                                   \
  TAKE_VALUE(WORD)                                                     \
  "movl %ecx, %eax\n"                                                  \
  "movzbl %dh, %ecx\n"                                                 \
  "jmp 2" NUMBER LANE "b\n"

#define STOP(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "9" LANE                                           \
  ":\n"                                              \
  "movl $" LANE                                      \
  ", %edx\n"                                         \
  "jmp 400f\n"

// A function of nothing but instructions, since no register is left for a
// compiler's own needs. A round is as many steps as 56 bits are sure to hold.
__attribute__((naked)) size_t RunEntropyLanesX86(EntropyLanes* /*lanes*/) {
  asm("pushq %rbp\n"
      "pushq %rbx\n"
      "pushq %r12\n"
      "pushq %r13\n"
      "pushq %r14\n"
      "pushq %r15\n"
      "subq $" FRAME ", %rsp\n"
      "movq %rdi, %rax\n"
      "movq %rax, " LANES "\n"
      "movq 144(%rax), %rcx\n"
      "movq %rcx, " START "\n"
      ALL_LANES(LOAD_LANE)
      ".p2align 6\n"
      "500:\n"
      ALL_LANES(BEGIN_ROUND)
      STEP_OF_ALL(STEP, "0")
      STEP_OF_ALL(STEP, "1")
      STEP_OF_ALL(STEP, "2")
      STEP_OF_ALL(STEP, "3")
      STEP_OF_ALL(STEP, "4")
      "jmp 500b\n"
      STEP_OF_ALL(EARLY_LONG_STEP, "0")
      STEP_OF_ALL(EARLY_LONG_STEP, "1")
      STEP_OF_ALL(EARLY_LONG_STEP, "2")
      STEP_OF_ALL(LATE_LONG_STEP, "3")
      STEP_OF_ALL(LATE_LONG_STEP, "4")
      ALL_LANES(STOP)
      "300:\n"
      "movl $3, %edx\n"
      "400:\n"
      "movq " LANES ", %rax\n"
      ALL_LANES(SAVE_LANE)
      "movl %edx, %eax\n"
      "addq $" FRAME ", %rsp\n"
      "popq %r15\n"
      "popq %r14\n"
      "popq %r13\n"
      "popq %r12\n"
      "popq %rbx\n"
      "popq %rbp\n"
      "retq\n");
}

}  // namespace millrace

#endif  // MILLRACE_ENTROPY_LANES_X86
