#include "kernels/gpu/fibers.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERS_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define FIBERS_ASAN 1
#endif
#ifdef FIBERS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// The switch: what a call keeps goes onto the stack, then the stack changes. Elsewhere than on x86-64, ucontext.
#if defined(__x86_64__)
extern "C" void radladsSwitchStack(void** from, void* to);
asm(R"(
.text
.globl radladsSwitchStack
.hidden radladsSwitchStack
.type radladsSwitchStack, @function
radladsSwitchStack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size radladsSwitchStack, .-radladsSwitchStack
)");
#endif

namespace radlads::kernels::gpu::fibers {
namespace {

#ifdef FIBERS_ASAN
constexpr std::size_t kStackBytes = 256 * 1024;
#else
constexpr std::size_t kStackBytes = 64 * 1024;
#endif
constexpr std::size_t kGuardBytes = 256;
constexpr unsigned char kGuard = 0xa5;
constexpr unsigned char kPoison = 0xff;  // NaN as float32 and as bfloat16
constexpr std::size_t kCopyBytes = 16;
constexpr int kLargestBlock = 1024;
constexpr int kLargestWarp = 64;

[[noreturn]] void begin();

// What can be switched to: a fiber's stack or the launching thread's.
class Context {
public:
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    void prepare() {
        if (!m_stack) {
            m_stack = std::make_unique_for_overwrite<unsigned char[]>(kStackBytes);
        }
#ifdef FIBERS_ASAN
        __asan_unpoison_memory_region(m_stack.get(), kStackBytes);
        m_fakeStack = nullptr;
        m_bottom = m_stack.get();
        m_bytes = kStackBytes;
#endif
#if defined(__x86_64__)
        void** top = reinterpret_cast<void**>((reinterpret_cast<std::uintptr_t>(m_stack.get()) + kStackBytes) & ~15ull);
        *--top = nullptr;  // begin() sees the stack as after a call
        *--top = reinterpret_cast<void*>(&begin);
        m_pointer = top - 6;
#else
        getcontext(&m_context);
        m_context.uc_stack.ss_sp = m_stack.get();
        m_context.uc_stack.ss_size = kStackBytes;
        m_context.uc_link = nullptr;
        makecontext(&m_context, reinterpret_cast<void (*)()>(&begin), 0);
#endif
    }

    void switchTo(Context& to) {
#ifdef FIBERS_ASAN
        __sanitizer_start_switch_fiber(&m_fakeStack, to.m_bottom, to.m_bytes);
#endif
#if defined(__x86_64__)
        radladsSwitchStack(&m_pointer, to.m_pointer);
#else
        swapcontext(&m_context, &to.m_context);
#endif
#ifdef FIBERS_ASAN
        __sanitizer_finish_switch_fiber(m_fakeStack, nullptr, nullptr);
#endif
    }

#ifdef FIBERS_ASAN
    // On a fiber's first step: where the launching thread's stack lies.
    void learnStackOf(Context& launching) {
        __sanitizer_finish_switch_fiber(nullptr, &launching.m_bottom, &launching.m_bytes);
    }
#endif

private:
    std::unique_ptr<unsigned char[]> m_stack;  // none: the launching thread
#if defined(__x86_64__)
    void* m_pointer = nullptr;
#else
    ucontext_t m_context = {};
#endif
#ifdef FIBERS_ASAN
    void* m_fakeStack = nullptr;
    const void* m_bottom = nullptr;
    std::size_t m_bytes = 0;
#endif
};

enum class State { New, Ready, AtBarrier, AtExchange, Ended };

struct Fiber {
    Context context;
    State state = State::New;
    Place place;
    void* slot = nullptr;
    std::vector<std::pair<void*, const void*>> copies;  // on their way
};

bool isSame(const Place& a, const Place& b) {
    return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

// The fibers of a host thread and what they run now.
class Machine {
public:
    Options options;
    Where where;

    const char* run(int64_t gridX, int64_t gridY, int threads, std::size_t sharedBytes, void (*body)(void*),
                    void* argument) {
        m_error[0] = 0;
        if (threads < 1 || threads > kLargestBlock || threads % options.lanes != 0)
            return report("a block has %d threads; it has whole warps of %d and at most %d", threads, options.lanes,
                          kLargestBlock);
        while (m_fibers.size() < static_cast<std::size_t>(threads)) m_fibers.push_back(std::make_unique<Fiber>());
        m_body = body;
        m_argument = argument;
        m_random = options.seed;
        m_memory.resize(sharedBytes + 2 * kGuardBytes + 16);
        const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(m_memory.data() + kGuardBytes);
        where = {0, threads, options.lanes, 0, 0, m_memory.data() + kGuardBytes + (16 - start % 16) % 16};
        std::vector<int64_t> blocks(static_cast<std::size_t>(gridX * gridY));
        std::iota(blocks.begin(), blocks.end(), 0);
        m_turns.resize(static_cast<std::size_t>(threads));
        std::iota(m_turns.begin(), m_turns.end(), 0);
        if (options.order == Order::Reverse) {
            std::reverse(blocks.begin(), blocks.end());
            std::reverse(m_turns.begin(), m_turns.end());
        }
        if (options.order == Order::Random) shuffle(blocks);
        for (const int64_t block : blocks) {
            where.blockX = block % gridX;
            where.blockY = block / gridX;
            runBlock(sharedBytes);
            if (m_error[0] != 0) return m_error;
        }
        return nullptr;
    }

    void sync(Place place) {
        now().state = State::AtBarrier;
        now().place = place;
        giveWay();
    }

    void exchange(void (*all)(void**, int), void* slot, Place place) {
        now().place = place;
        now().slot = slot;
        const int first = where.thread / where.lanes * where.lanes;
        void* slots[kLargestWarp];
        for (int i = 0; i < where.lanes; ++i) {
            const Fiber& other = fiber(first + i);
            if (first + i != where.thread && (other.state != State::AtExchange || !isSame(other.place, place))) {
                now().state = State::AtExchange;
                giveWay();  // the last lane does it
                return;
            }
            slots[i] = other.slot;
        }
        all(slots, where.lanes);
        for (int i = 0; i < where.lanes; ++i) fiber(first + i).state = State::Ready;
    }

    void copyLater(void* to, const void* from) {
        std::memset(to, kPoison, kCopyBytes);
        now().copies.emplace_back(to, from);
    }

    void awaitCopies() {
        for (const auto& [to, from] : now().copies) std::memcpy(to, from, kCopyBytes);
        now().copies.clear();
    }

    void fail(const char* error) {
        report("%s", error);
        giveWay();
    }

    [[noreturn]] void live() {
#ifdef FIBERS_ASAN
        now().context.learnStackOf(m_launching);
#endif
        for (;;) {  // the next block's thread of this number goes on here
            m_body(m_argument);
            now().state = State::Ended;
            giveWay();
        }
    }

private:
    Fiber& fiber(int i) {
        return *m_fibers[static_cast<std::size_t>(i)];
    }
    Fiber& now() {
        return fiber(where.thread);
    }
    void giveWay() {
        now().context.switchTo(m_launching);
    }

    template <class... A>
    const char* report(const char* format, A... values) {
        std::snprintf(m_error, sizeof m_error, format, values...);
        return m_error;
    }

    void runBlock(std::size_t sharedBytes) {
        std::memset(m_memory.data(), kGuard, m_memory.size());
        std::memset(where.shared, kPoison, sharedBytes);
        for (int i = 0; i < where.threads; ++i) {
            if (fiber(i).state != State::Ended) fiber(i).context.prepare();  // new, or left behind by an error
            fiber(i).state = State::Ready;
            fiber(i).copies.clear();
        }
        while (m_error[0] == 0 && (turn() || openBarrier())) {
        }
        for (unsigned char* p = m_memory.data(); p < m_memory.data() + m_memory.size(); ++p)
            if ((p < where.shared || p >= where.shared + sharedBytes) && *p != kGuard && m_error[0] == 0)
                report("block %lld wrote %lld bytes from the start of its shared memory of %zu",
                       static_cast<long long>(where.blockX), static_cast<long long>(p - where.shared), sharedBytes);
    }

    // Forward and reverse: a warp after the other as far as each gets. Random: fibers in a random order, half of the
    // warps left out, so that they do not go in step. False: none could go on.
    bool turn() {
        const bool isRandom = options.order == Order::Random;
        if (isRandom) shuffle(m_turns);
        const uint64_t leftOut = isRandom ? draw() : 0;
        bool went = false;
        for (int first = 0; first < where.threads; first += where.lanes)
            for (bool isMore = true; isMore;) {
                isMore = false;
                for (int turn = first; turn < first + where.lanes; ++turn) {
                    const int i = m_turns[static_cast<std::size_t>(turn)];
                    if (fiber(i).state != State::Ready) continue;
                    went = true;
                    if ((leftOut >> (i / where.lanes)) & 1) continue;
                    where.thread = i;
                    m_launching.switchTo(fiber(i).context);
                    if (m_error[0] != 0) return true;
                    isMore = !isRandom;
                }
            }
        return went;
    }

    // True: all were at the barrier and go on. False: all have ended, or an error.
    bool openBarrier() {
        const auto begin = m_fibers.begin(), end = begin + where.threads;
        const auto in = [](State state) { return [state](const auto& fiber) { return fiber->state == state; }; };
        if (std::all_of(begin, end, in(State::Ended))) return false;
        const auto stuck = std::find_if(begin, end, in(State::AtExchange));
        const auto waiting = std::find_if(begin, end, in(State::AtBarrier));
        const Fiber& first = stuck != end ? **stuck : **waiting;
        const auto ended = std::count_if(begin, end, in(State::Ended));
        const auto elsewhere = std::find_if(begin, end, [&](const auto& other) {
            return other->state != State::Ended && (other->state != first.state || !isSame(other->place, first.place));
        });
        const char* what = stuck != end ? "an exchange of a warp" : "a barrier";
        if (elsewhere != end)
            report("divergent: threads wait for others at %s (%s:%u) that wait at line %u", what,
                   first.place.file_name(), first.place.line(), (*elsewhere)->place.line());
        else if (ended > 0 || stuck != end)
            report("divergent: threads wait at %s (%s:%u) for %lld that have ended", what, first.place.file_name(),
                   first.place.line(), static_cast<long long>(ended));
        if (m_error[0] != 0) return false;
        for (auto at = begin; at != end; ++at) (*at)->state = State::Ready;
        return true;
    }

    template <class T>
    void shuffle(std::vector<T>& list) {
        for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[draw() % i]);
    }
    uint64_t draw() {  // splitmix64
        m_random += 0x9e3779b97f4a7c15ull;
        uint64_t x = m_random;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
        return x ^ (x >> 31);
    }

    std::vector<std::unique_ptr<Fiber>> m_fibers;
    Context m_launching;
    std::vector<int> m_turns;
    std::vector<unsigned char> m_memory;
    void (*m_body)(void*) = nullptr;
    void* m_argument = nullptr;
    uint64_t m_random = 0;
    char m_error[400] = {};
};

Machine& machine() {
    thread_local Machine machine;
    return machine;
}

void begin() {
    machine().live();
}

}  // namespace

void setOptions(const Options& options) {
    machine().options = options;
}
const Options& options() {
    return machine().options;
}
const Where& current() {
    return machine().where;
}
void sync(Place place) {
    machine().sync(place);
}
void exchange(void (*all)(void** slots, int lanes), void* slot, Place place) {
    machine().exchange(all, slot, place);
}
void copyLater(void* to, const void* from) {
    machine().copyLater(to, from);
}
void awaitCopies() {
    machine().awaitCopies();
}
void fail(const char* error) {
    machine().fail(error);
}
const char* run(int64_t gridX, int64_t gridY, int threads, std::size_t sharedBytes, void (*body)(void*),
                void* argument) {
    return machine().run(gridX, gridY, threads, sharedBytes, body, argument);
}

}  // namespace radlads::kernels::gpu::fibers
