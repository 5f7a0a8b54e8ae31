// hold KIND TOTAL_MIB HOT_MIB [FILE]: holds memory and touches the first part of it all the time; a workload that knows the truth.
//   KIND: anon    4 KiB pages
//         thp     MADV_HUGEPAGE: of the size that is switched on in /sys/kernel/mm/transparent_hugepage
//         shmem   shared memory
//         file    FILE, mapped
//         read    FILE, not mapped but read
// FILE is made, TOTAL_MIB long. Prints "ready PID" once all of it was touched once and the first round of touches is over; ends when its
// standard input does. A line there is a command, answered by "done". Parts are in MiB; in even ones, as a page of 2 MiB is touched whole.
//   touch FROM TO   touches that part once
//   hot FROM TO     touches that part all the time, instead of the one before
//   free FROM TO    gives that part back; it must not be hot, and not touched again
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MIB (1ul << 20)
#define PAGE 4096ul
#define HUGE (2 * MIB)

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

static int there[2], back[2];

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
    // More pages than the kernel flushes one by one: it flushes the whole TLB of this address space instead.
    if (!pages)
        pages = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 64 * PAGE);
    mprotect(pages, 64 * PAGE, PROT_READ);
    mprotect(pages, 64 * PAGE, PROT_READ | PROT_WRITE);
}

// Its blocks are there but were never written, so that reading it all into the page cache asks no disk.
static void make_file(const char *name, size_t total)
{
    file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || (errno = posix_fallocate(file, 0, total)) != 0)
        fail(name);
}

static void map(size_t total, int huge)
{
    int flags = shared ? MAP_SHARED : MAP_PRIVATE;
    memory = mmap(NULL, total + HUGE, PROT_READ | PROT_WRITE, file < 0 ? flags | MAP_ANONYMOUS : flags, file, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    if (file >= 0)
        return;
    memory = (char *)(((size_t)memory + HUGE - 1) & ~(HUGE - 1));
    madvise(memory, total, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t at = 0; at < total; at += PAGE)
        memory[at] = (char)(at >> 12) | 1;
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

int main(int argc, char **argv)
{
    const char *kind = argc < 4 ? "" : argv[1];
    int has_file = !strcmp(kind, "file") || !strcmp(kind, "read");
    if ((!has_file && strcmp(kind, "anon") && strcmp(kind, "thp") && strcmp(kind, "shmem")) || (has_file && argc < 5)) {
        fprintf(stderr, "usage: hold anon|thp|shmem|file|read TOTAL_MIB HOT_MIB [FILE]\n");
        return 2;
    }
    size_t total = strtoul(argv[2], NULL, 10) * MIB, hot_from = 0, hot_to = strtoul(argv[3], NULL, 10) * MIB;
    shared = has_file || !strcmp(kind, "shmem");

    start_child();
    if (has_file) {
        make_file(argv[4], total);
        touch(0, total);
    }
    if (strcmp(kind, "read"))
        map(total, !strcmp(kind, "thp"));
    touch(0, total);

    for (int round = 0;; round++) {
        touch(hot_from, hot_to);
        if (round == 0)
            printf("ready %d\n", getpid());
        fflush(stdout);

        struct pollfd input = { .fd = 0, .events = POLLIN };
        if (poll(&input, 1, 100) <= 0) // Others on an emulated CPU want some of it too.
            continue;
        char line[64], command[8];
        size_t from, to;
        if (!fgets(line, sizeof line, stdin))
            return 0;
        if (sscanf(line, "%7s %zu %zu", command, &from, &to) != 3 || from > to || to * MIB > total) {
            fprintf(stderr, "hold: what is %s", line);
            return 2;
        }
        from *= MIB, to *= MIB;
        if (!strcmp(command, "hot"))
            hot_from = from, hot_to = to;
        if (!strcmp(command, "free"))
            release(from, to);
        else
            touch(from, to);
        printf("done\n");
    }
}
