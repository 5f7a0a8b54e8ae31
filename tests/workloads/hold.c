// hold KIND TOTAL_MIB HOT_MIB [FILE]: holds memory and touches the first part of it all the time; a workload that knows the truth.
//   KIND: anon    4 KiB pages
//         thp     MADV_HUGEPAGE: of the size that is switched on in /sys/kernel/mm/transparent_hugepage
//         locked  anon that mlock keeps in memory
//         ksm     anon that KSM may merge with that of another process: all that hold as much hold the same
//         shmem   shared memory
//         file    FILE, mapped
//         join    FILE as another one made it, mapped
//         read    FILE, not mapped but read
// FILE is made, TOTAL_MIB long, but by join. Prints "ready PID" once all of it was touched once and the first round of touches is over; ends when its
// standard input does. A line there is a command, answered by "done". Parts are in MiB; in even ones, as a page of 2 MiB is touched whole.
//   touch FROM TO      touches that part once
//   hot FROM TO        touches that part all the time, instead of the one before
//   free FROM TO       gives that part back; it must not be hot, and not touched again
//   guard FROM TO      the same, by guard regions (Linux 6.13)
//   swapped FROM TO    is answered by how many pages of that part are in swap, and not by "done"
//   renew FROM TO      gives that part, of 4 KiB pages, back and fills it anew
//   halve FROM TO      gives back the second half of each huge page of that part
//   collapse FROM TO   makes huge pages of 2 MiB of that part
//   lazyfree FROM TO   MADV_FREE
//   node FROM TO N     has the kernel move that part to NUMA node N
//   quiet 1 0          from now on flushes by the switch alone, and has no page faults: for a CPU whose switches flush (PCID off)
//   churn MIB 0        from now on has a child before each round, which becomes another program, fills so many MiB and ends
//
// Link it statically: a C library of its own would be megabytes of memory that are no part of the truth.
//
// The kernel clears accessed bits without flushing the TLB, and a page whose translation stays in the TLB looks idle however often it is
// touched. Touches are therefore preceded by a trip to a child on the same CPU (a switch of address spaces) and a flush of our own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1ul << 20)
#define PAGE 4096ul
#define HUGE (2 * MIB)
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 // The headers of some C libraries leave it out.
#endif

static int file = -1;  // The file of the kinds that have one.
static char *memory;   // The mapping of the kinds that have one.
static int shared;
static volatile char sink;

// Small: it counts as this program's memory too. As long as a fault's or a read's reach (64 KiB), so that nothing beyond is touched with it.
static char block[64 * 1024];

static void fail(const char *what)
{
    fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int there[2], back[2], is_quiet;

static void start_child(void)
{
    cpu_set_t cpu;
    CPU_ZERO(&cpu);
    CPU_SET(sched_getcpu(), &cpu);
    sched_setaffinity(0, sizeof cpu, &cpu);
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe");
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        char byte;
        prctl(PR_SET_PDEATHSIG, 9);
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            ;
        _exit(0);
    }
}

static void flush_tlb(void)
{
    static char *pages;
    char byte = 0;
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
        fail("the child is gone");
    if (is_quiet)
        return;
    // More pages than the kernel flushes one by one: it flushes the whole TLB of this address space instead. Not by mprotect: that takes the lock of all mappings, and the multi-generational LRU passes over
    // a process that has it.
    if (!pages)
        pages = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 64 * PAGE);
    madvise(pages, 64 * PAGE, MADV_DONTNEED);
}

// Its blocks are there but were never written, so that reading it all into the page cache asks no disk.
static void open_file(const char *name, size_t total, int join)
{
    file = open(name, join ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || (!join && (errno = posix_fallocate(file, 0, total)) != 0))
        fail(name);
}

// No two pages alike.
static void fill(size_t from, size_t to)
{
    for (size_t at = from; at < to; at += PAGE)
        *(size_t *)(memory + at) = at | 1;
}

static void map(size_t total, const char *kind)
{
    int flags = shared ? MAP_SHARED : MAP_PRIVATE;
    memory = mmap(NULL, total + HUGE, PROT_READ | PROT_WRITE, file < 0 ? flags | MAP_ANONYMOUS : flags, file, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    if (file >= 0)
        return;
    memory = (char *)(((size_t)memory + HUGE - 1) & ~(HUGE - 1));
    madvise(memory, total, strcmp(kind, "thp") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    if (!strcmp(kind, "ksm") && madvise(memory, total, MADV_MERGEABLE) != 0)
        fail("MADV_MERGEABLE");
    fill(0, total);
    if (!strcmp(kind, "locked") && mlock(memory, total) != 0)
        fail("mlock");
}

static void touch(size_t from, size_t to)
{
    flush_tlb();
    if (memory)
        for (size_t at = from; at < to; at += PAGE)
            sink += memory[at];
    else
        for (size_t at = from; at < to; at += sizeof block)
            if (pread(file, block, sizeof block, at) != sizeof block)
                fail("pread");
}

static void release(size_t from, size_t to)
{
    int result;
    if (file >= 0)
        result = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from);
    else
        result = madvise(memory + from, to - from, shared ? MADV_REMOVE : MADV_DONTNEED);
    if (result != 0)
        fail("free");
}

static void each_huge_page(const char *command, size_t from, size_t to)
{
    int collapse = *command == 'c', result = collapse ? madvise(memory + from, to - from, MADV_HUGEPAGE) : 0;
    for (size_t at = from; at < to && result == 0; at += HUGE)
        result = collapse ? madvise(memory + at, HUGE, MADV_COLLAPSE) : madvise(memory + at + MIB, MIB, MADV_DONTNEED);
    if (result != 0)
        fail(command);
}

static void move_to(size_t from, size_t to, unsigned node)
{
    unsigned long nodes = 1ul << node;
    if (syscall(SYS_mbind, memory + from, to - from, 2 /* MPOL_BIND */, &nodes, 8 * sizeof nodes, 2 /* MPOL_MF_MOVE */) != 0)
        fail("node");
}

// It ends by itself: its input has an end. Its answer is not ours.
static void churn(size_t mib)
{
    char total[24];
    int status;
    snprintf(total, sizeof total, "%zu", mib);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execl("/proc/self/exe", "hold", "anon", total, "0", NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        fail("churn");
}

static void obey(const char *command, size_t from, size_t to, unsigned node)
{
    if (!strcmp(command, "free") || !strcmp(command, "renew"))
        release(from, to);
    if (!strcmp(command, "renew"))
        fill(from, to);
    else if (!strcmp(command, "halve") || !strcmp(command, "collapse"))
        each_huge_page(command, from, to);
    else if (!strcmp(command, "lazyfree") && madvise(memory + from, to - from, MADV_FREE) != 0)
        fail(command);
    else if (!strcmp(command, "guard") && madvise(memory + from, to - from, MADV_GUARD_INSTALL) != 0)
        fail(command);
    else if (!strcmp(command, "node"))
        move_to(from, to, node);
    else if (!strcmp(command, "touch") || !strcmp(command, "hot"))
        touch(from, to);
}

static size_t count_swapped(size_t from, size_t to)
{
    static uint64_t entries[MIB / PAGE];
    size_t swapped = 0;
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    for (size_t at = from; at < to; at += MIB) {
        if (pread(pagemap, entries, sizeof entries, ((size_t)memory + at) / PAGE * 8) != sizeof entries)
            fail("pagemap");
        for (size_t i = 0; i < MIB / PAGE; i++)
            swapped += entries[i] >> 62 & 1;
    }
    close(pagemap);
    return swapped;
}

static int is_one_of(const char *kind, const char *const *kinds)
{
    while (*kinds && strcmp(kind, *kinds))
        kinds++;
    return *kinds != NULL;
}

int main(int argc, char **argv)
{
    static const char *const without_file[] = { "anon", "thp", "locked", "ksm", "shmem", NULL };
    static const char *const with_file[] = { "file", "join", "read", NULL };
    const char *kind = argc < 4 ? "" : argv[1];
    int has_file = is_one_of(kind, with_file);
    if (has_file ? argc < 5 : !is_one_of(kind, without_file)) {
        fprintf(stderr, "usage: hold anon|thp|locked|ksm|shmem|file|join|read TOTAL_MIB HOT_MIB [FILE]\n");
        return 2;
    }
    size_t total = strtoul(argv[2], NULL, 10) * MIB, hot_from = 0, hot_to = strtoul(argv[3], NULL, 10) * MIB, child_mib = 0;
    shared = has_file || !strcmp(kind, "shmem");

    start_child();
    if (has_file) {
        open_file(argv[4], total, !strcmp(kind, "join"));
        touch(0, total);
    }
    if (strcmp(kind, "read"))
        map(total, kind);
    touch(0, total);

    for (int round = 0;; round++) {
        if (child_mib > 0)
            churn(child_mib);
        touch(hot_from, hot_to);
        if (round == 0)
            printf("ready %d\n", getpid());
        fflush(stdout);

        struct pollfd input = { .fd = 0, .events = POLLIN };
        if (poll(&input, 1, 100) <= 0) // Others on an emulated CPU want some of it too.
            continue;
        char line[64], command[16] = "";
        size_t from, to;
        unsigned node = 0;
        if (!fgets(line, sizeof line, stdin))
            return 0;
        int given = sscanf(line, "%15s %zu %zu %u", command, &from, &to, &node), is_part = strcmp(command, "quiet") && strcmp(command, "churn");
        if (given < 3 || (is_part && (from > to || to * MIB > total))) {
            fprintf(stderr, "hold: what is %s", line);
            return 2;
        }
        if (!strcmp(command, "quiet"))
            is_quiet = from;
        if (!strcmp(command, "churn"))
            child_mib = from;
        from *= MIB, to *= MIB;
        if (!strcmp(command, "swapped")) {
            printf("%zu\n", count_swapped(from, to));
            continue;
        }
        if (!strcmp(command, "hot"))
            hot_from = from, hot_to = to;
        obey(command, from, to, node);
        printf("done\n");
    }
}
