// pages: maps memory and does with single pages of it what its standard input says, one command a line, each answered by a line.
//
//   map anon|thp|shmem|hugeshmem|hugetlb PAGES   maps memory that holds nothing yet (thp and hugeshmem: aligned to 2 MiB); the answer is the region's number
//   map file PAGES FILE        makes FILE and maps it; it is in the page cache, and mapped to no page yet
//   touch R I N                writes to N pages of region R from page I on
//   read R I N                 reads from them
//   childread R I N            reads from them in a child that then ends
//   pread R I N                reads that part of the file, by read(2)
//   pwrite R I N               writes it, by write(2)
//   cow R I N                  writes to another, private mapping of that part of the file, which then goes: the kernel copies the pages
//   drop R I N                 takes that part of the file, which must not be mapped, out of the page cache; no reading ahead from then on
//   free R I N                 MADV_DONTNEED
//   lazyfree R I N             MADV_FREE
//   unmap R I N                unmaps them
//   mlock R I N, munlock R I N
//   move R I N                 has the kernel move each page to another frame; it uses those that it leaves no more
//   drain                      has every CPU put the pages that wait in its batches on their LRU lists
//   frames R I N               the answer: the frame of each page, "-" where there is none, "s" where it is swapped
//
// All others are answered by "ok"; what fails by "error" and what it was. Ends when its standard input does.
//
// The kernel clears accessed bits without flushing the TLB, so every touch is preceded by a flush. A fault on a file maps up to 16 pages around
// it, which then look touched: read all of a file once before it matters. Link it statically, as hold.c.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101 // The headers of some C libraries leave it out.
#endif

static struct { char *memory; size_t pages; int file; } regions[64];
static int region_count;
static char scratch[PAGE] __attribute__((aligned(PAGE)));
static volatile char sink;

static void flush_tlb(void)
{
    static char *pages;
    // More pages than the kernel flushes one by one: it flushes the whole TLB of this address space instead.
    if (!pages)
        pages = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, 64 * PAGE);
    mprotect(pages, 64 * PAGE, PROT_READ);
    mprotect(pages, 64 * PAGE, PROT_READ | PROT_WRITE);
}

static int map(const char *kind, size_t pages, const char *name)
{
    size_t length = pages * PAGE;
    int fd = -1, flags = MAP_ANONYMOUS | MAP_PRIVATE;
    if (!strcmp(kind, "file")) {
        fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (fd < 0)
            return -1;
        for (size_t at = 0; at < length; at += PAGE)
            if (pwrite(fd, scratch, PAGE, at) != (ssize_t)PAGE)
                return -1;
        fsync(fd);
        flags = MAP_SHARED;
    } else if (!strcmp(kind, "shmem") || !strcmp(kind, "hugeshmem"))
        flags = MAP_ANONYMOUS | MAP_SHARED;
    else if (!strcmp(kind, "hugetlb"))
        flags |= MAP_HUGETLB;
    char *memory = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED || region_count == sizeof regions / sizeof *regions)
        return -1;
    if (fd < 0) {
        memory = (char *)(((size_t)memory + HUGE - 1) & ~(HUGE - 1));
        // Of shared memory the offset has to be aligned too.
        if (!strcmp(kind, "hugeshmem") && mmap(memory, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED)
            return -1;
        madvise(memory, length, strcmp(kind, "thp") && strcmp(kind, "hugeshmem") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    }
    regions[region_count].memory = memory;
    regions[region_count].pages = pages;
    regions[region_count].file = fd;
    return region_count++;
}

static void print_frames(const char *memory, size_t count)
{
    static uint64_t entries[512];
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    for (size_t i = 0; i < count; i++) {
        if (i % 512 == 0 && pread(pagemap, entries, sizeof entries, ((size_t)memory / PAGE + i) * 8) <= 0)
            break;
        uint64_t entry = entries[i % 512];
        if (entry >> 63)
            printf("%lu ", (unsigned long)(entry & ((1ull << 55) - 1)));
        else
            printf(entry >> 62 & 1 ? "s " : "- ");
    }
    printf("\n");
    close(pagemap);
}

// One page of this program's own is asked to move; before it moves any the kernel drains the batches.
static int drain(void)
{
    void *page = scratch;
    int node = 0, status = 0;
    scratch[0] = 1;
    return syscall(SYS_move_pages, 0, 1ul, &page, &node, &status, 2 /* MPOL_MF_MOVE */);
}

static int each_page(const char *command, char *memory, size_t count)
{
    int writes = *command == 't';
    flush_tlb();
    for (size_t i = 0; i < count; i++) {
        if (writes)
            memory[i * PAGE] = 1;
        else
            sink += memory[i * PAGE];
    }
    return 0;
}

static int child_reads(char *memory, size_t count)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(each_page("read", memory, count));
    return child < 0 || waitpid(child, &status, 0) != child || status != 0 ? -1 : 0;
}

static int through_file(const char *command, int file, size_t first, size_t count)
{
    for (size_t at = first * PAGE; at < (first + count) * PAGE; at += PAGE) {
        ssize_t moved = command[1] == 'r' ? pread(file, scratch, PAGE, at) : pwrite(file, scratch, PAGE, at);
        if (moved != (ssize_t)PAGE)
            return -1;
    }
    return 0;
}

static int copy_on_write(int file, size_t first, size_t count)
{
    char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, first * PAGE);
    return memory == MAP_FAILED || each_page("touch", memory, count) ? -1 : munmap(memory, count * PAGE);
}

static int drop(int file, size_t first, size_t count)
{
    return fsync(file) || (errno = posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM))
        || (errno = posix_fadvise(file, first * PAGE, count * PAGE, POSIX_FADV_DONTNEED)) ? -1 : 0;
}

static int move(char *memory, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (madvise(memory + i * PAGE, PAGE, MADV_SOFT_OFFLINE))
            return -1;
    return 0;
}

// The result is 0, or -1 with errno; what has an answer of its own prints it and gives 1.
static int obey(const char *line)
{
    char command[16] = "", kind[16], name[256] = "";
    size_t region, first, count;
    errno = EINVAL;
    sscanf(line, "%15s", command);
    if (!strcmp(command, "drain"))
        return drain();
    if (sscanf(line, "map %15s %zu %255s", kind, &count, name) >= 2) {
        int number = map(kind, count, name);
        return number < 0 || printf("%d\n", number) < 0 ? -1 : 1;
    }
    if (sscanf(line, "%*s %zu %zu %zu", &region, &first, &count) != 3 || region >= (size_t)region_count
        || first + count > regions[region].pages)
        return -1;

    char *memory = regions[region].memory + first * PAGE;
    size_t length = count * PAGE;
    if (!strcmp(command, "frames")) {
        print_frames(memory, count);
        return 1;
    }
    if (!strcmp(command, "touch") || !strcmp(command, "read"))
        return each_page(command, memory, count);
    if (!strcmp(command, "childread"))
        return child_reads(memory, count);
    if (!strcmp(command, "pread") || !strcmp(command, "pwrite"))
        return through_file(command, regions[region].file, first, count);
    if (!strcmp(command, "cow"))
        return copy_on_write(regions[region].file, first, count);
    if (!strcmp(command, "drop"))
        return drop(regions[region].file, first, count);
    if (!strcmp(command, "move"))
        return move(memory, count);
    if (!strcmp(command, "free"))
        return madvise(memory, length, MADV_DONTNEED);
    if (!strcmp(command, "lazyfree"))
        return madvise(memory, length, MADV_FREE);
    if (!strcmp(command, "unmap"))
        return munmap(memory, length);
    if (!strcmp(command, "mlock"))
        return mlock(memory, length);
    if (!strcmp(command, "munlock"))
        return munlock(memory, length);
    return -1;
}

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        int result = obey(line);
        if (result < 0)
            printf("error: %s\n", strerror(errno));
        else if (result == 0)
            printf("ok\n");
        fflush(stdout);
    }
    return 0;
}
