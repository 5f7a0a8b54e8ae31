// hold KIND TOTAL_MIB HOT_MIB [FILE]: holds memory and touches the first part of it all the time; a workload that knows the truth.
//   KIND: anon (4 KiB pages), thp, shmem, file (FILE mapped; made, and TOTAL_MIB long).
// Prints "ready PID" once all of it was touched once and the first round of touches is over. Ends when its standard input does.
//
// Link it statically: a C library of its own would be megabytes of memory that are no part of the truth.
//
// The kernel clears accessed bits without flushing the TLB, and a page whose translation stays in the TLB looks idle however often it is
// touched. Each round therefore begins with a trip to a child on the same CPU (a switch of address spaces) and a flush of our own.
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

static void fail(const char *what)
{
    fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *map(const char *kind, size_t total, const char *file)
{
    char *memory;
    if (!strcmp(kind, "file")) {
        int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || ftruncate(fd, total) != 0)
            fail(file);
        char block[64 * 1024]; // Small: it counts as this program's memory too.
        memset(block, 'c', sizeof block);
        for (size_t at = 0; at < total; at += sizeof block)
            if (pwrite(fd, block, sizeof block, at) != sizeof block)
                fail(file);
        fsync(fd);
        memory = mmap(NULL, total, PROT_READ, MAP_SHARED, fd, 0);
    } else if (!strcmp(kind, "shmem")) {
        memory = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    } else {
        memory = mmap(NULL, total + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory != MAP_FAILED)
            memory = (char *)(((size_t)memory + HUGE - 1) & ~(HUGE - 1));
    }
    if (memory == MAP_FAILED)
        fail("mmap");
    if (strcmp(kind, "file"))
        madvise(memory, total, strcmp(kind, "thp") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    return memory;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: hold anon|thp|shmem|file TOTAL_MIB HOT_MIB [FILE]\n");
        return 2;
    }
    size_t total = strtoul(argv[2], NULL, 10) * MIB, hot = strtoul(argv[3], NULL, 10) * MIB;
    int writable = strcmp(argv[1], "file") != 0;

    cpu_set_t cpu;
    CPU_ZERO(&cpu);
    CPU_SET(sched_getcpu(), &cpu);
    sched_setaffinity(0, sizeof cpu, &cpu);
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) != 0 || pipe(back) != 0)
        fail("pipe");
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, 9);
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            ;
        _exit(0);
    }

    char *memory = map(argv[1], total, argc > 4 ? argv[4] : NULL);
    volatile char sink = 0;
    for (size_t at = 0; at < total; at += PAGE) {
        if (writable)
            memory[at] = (char)(at >> 12) | 1;
        else
            sink += memory[at];
    }

    char *flush = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0;; round++) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail("the child is gone");
        // More pages than the kernel flushes one by one: it flushes the whole TLB of this address space instead.
        memset(flush, round, 64 * PAGE);
        mprotect(flush, 64 * PAGE, PROT_READ);
        mprotect(flush, 64 * PAGE, PROT_READ | PROT_WRITE);
        for (size_t at = 0; at < hot; at += PAGE)
            sink += memory[at];
        if (round == 0) {
            printf("ready %d\n", getpid());
            fflush(stdout);
        }
        struct pollfd input = { .fd = 0, .events = POLLIN };
        if (poll(&input, 1, 20) > 0 && read(0, &byte, 1) <= 0)
            return 0;
    }
}
