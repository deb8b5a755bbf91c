#ifndef ORDINAL_LINUX_SHIMS_H
#define ORDINAL_LINUX_SHIMS_H

#include <sys/types.h>

/// Starts the program at `path` in a process group of its own, its standard input on /dev/null, its output and error
/// output on `log_fd`. The kernel sends it `death_signal` when the calling *thread* ends, so call from a thread that
/// then waits for the child. Returns the child's pid, or -errno.
pid_t ordinal_spawn_bound(const char *path, char *const argv[], int log_fd, int death_signal);

/// A nameless file in memory, closed on exec. Returns its descriptor, or -errno.
int ordinal_memory_file(void);

/// Writes what can be read from `source` to `target`, compressed as gzip does. Returns 0, or -errno.
int ordinal_gzip(int source, int target);

#endif
