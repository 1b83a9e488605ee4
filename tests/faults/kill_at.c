/* Loaded before libc (LD_PRELOAD): kills its process by SIGKILL at the n-th call that syncs, writes a file or speaks.

   A call is struck before it does anything, torn in the middle, or when it is done and nobody knows yet; a sync may
   also fail as on a broken disk, which kills nobody. Only the
   process that armed it is struck; everything is counted, so that a whole life tells how many calls there are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { SYNC, WRITE, SEND, KINDS };
enum { BEFORE, TORN, AFTER, FAIL };

static long seen[KINDS];
static int armed_kind = -1, armed_how;
static long armed_at;
static pid_t armed_process;

void newsalert_arm(int kind, long at, int how) {
    for (int each = 0; each < KINDS; each++) seen[each] = 0;
    armed_process = getpid();
    armed_at = at;
    armed_how = how;
    armed_kind = kind;
}

long newsalert_seen(int kind) { return seen[kind]; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int strikes(int kind) {
    long now = __atomic_add_fetch(&seen[kind], 1, __ATOMIC_SEQ_CST);
    int hit = kind == armed_kind && now == armed_at && getpid() == armed_process;
    if (hit && armed_how == BEFORE) die();
    return hit;
}

static int speaks(int fd) { /* to another program: pairs of sockets, which have no address, only wake our own loop */
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0) return 0;
    if (peer.ss_family == AF_UNIX) return size > sizeof peer.ss_family && ((struct sockaddr_un *)&peer)->sun_path[0];
    return peer.ss_family == AF_INET || peer.ss_family == AF_INET6;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define STRUCK(kind, half, whole)                       \
    int hit = strikes(kind);                            \
    if (hit && armed_how == TORN) { (void)!(half); die(); } \
    __typeof__(whole) done = (whole);                   \
    if (hit) die();                                     \
    return done

static int fails(int hit) { return hit && armed_how == FAIL ? (errno = EIO) : 0; }

#define SYNCED(name)                          \
    int name(int fd) {                        \
        REAL(name);                           \
        int hit = strikes(SYNC);              \
        if (fails(hit)) return -1;            \
        int done = real(fd);                  \
        if (hit) die();                       \
        return done;                          \
    }
SYNCED(fsync)
SYNCED(fdatasync)

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    REAL(pwrite);
    STRUCK(WRITE, real(fd, from, size / 2, at), real(fd, from, size, at));
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    REAL(pwrite64);
    STRUCK(WRITE, real(fd, from, size / 2, at), real(fd, from, size, at));
}
ssize_t send(int fd, const void *from, size_t size, int flags) {
    REAL(send);
    if (!speaks(fd)) return real(fd, from, size, flags);
    STRUCK(SEND, real(fd, from, size / 2, flags), real(fd, from, size, flags));
}
ssize_t write(int fd, const void *from, size_t size) {
    REAL(write);
    if (!speaks(fd)) return real(fd, from, size);
    STRUCK(SEND, real(fd, from, size / 2), real(fd, from, size));
}
ssize_t writev(int fd, const struct iovec *from, int count) {
    REAL(writev);
    if (!speaks(fd)) return real(fd, from, count);
    STRUCK(SEND, real(fd, from, count / 2), real(fd, from, count));
}
ssize_t sendmsg(int fd, const struct msghdr *what, int flags) {
    REAL(sendmsg);
    if (!speaks(fd)) return real(fd, what, flags);
    STRUCK(SEND, 0, real(fd, what, flags));
}
