#define _GNU_SOURCE
#include "LinuxShims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <zlib.h>

#ifdef __linux__
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>

extern char **environ;

/// What runs between fork and exec: system calls only. Reports errno through `report` (closed by a good exec).
static void become(const char *path, char *const argv[], int log_fd, int death_signal, pid_t parent, int report)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    int null = open("/dev/null", O_RDONLY);
    if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, death_signal) == 0 && null >= 0 && dup2(null, 0) >= 0 &&
        dup2(log_fd, 1) >= 0 && dup2(log_fd, 2) >= 0) {
        if (getppid() != parent)
            _exit(127); /* the parent ended before prctl */
        close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        execve(path, argv, environ);
    }
    int error = errno;
    ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
}

pid_t ordinal_spawn_bound(const char *path, char *const argv[], int log_fd, int death_signal)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        become(path, argv, log_fd, death_signal, parent, report[1]);
    int error = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0)
        while (read(report[0], &error, sizeof error) < 0 && errno == EINTR)
            ;
    close(report[0]);
    return error == 0 ? child : -error;
}

int ordinal_memory_file(void)
{
    int file = memfd_create("ordinal", MFD_CLOEXEC);
    return file < 0 ? -errno : file;
}
#else
pid_t ordinal_spawn_bound(const char *path, char *const argv[], int log_fd, int death_signal)
{
    (void)path, (void)argv, (void)log_fd, (void)death_signal;
    return -ENOSYS;
}

int ordinal_memory_file(void)
{
    return -ENOSYS;
}
#endif

int ordinal_gzip(int source, int target)
{
    char bytes[64 << 10];
    ssize_t count = 0;
    int copy = dup(target);
    gzFile file = copy < 0 ? NULL : gzdopen(copy, "wb");
    if (file == NULL) {
        int error = copy < 0 ? errno : ENOMEM;
        if (copy >= 0)
            close(copy);
        return -error;
    }
    while ((count = read(source, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR))
        if (count > 0 && gzwrite(file, bytes, (unsigned)count) != count) {
            int error = errno != 0 ? errno : EIO;
            gzclose(file);
            return -error;
        }
    int error = count < 0 ? errno : 0;
    if (gzclose(file) != Z_OK && error == 0)
        error = errno != 0 ? errno : EIO;
    return -error;
}
