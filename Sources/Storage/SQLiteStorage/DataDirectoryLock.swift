#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// An exclusive lock on a file: of two processes (or two stores in one) only the first gets it. It goes with the process.
package final class DataDirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock on the file at `path`, which is made when it is missing.
    package init(path: String) throws(StoreOpenError) {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            if reason == EWOULDBLOCK { throw .inUse(path: path) }
            throw .unreadable(path: path, reason: String(cString: strerror(reason)))
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

/// Makes an empty file that only its owner can read, when there is none.
func createPrivateFile(at path: String) throws(StoreOpenError) {
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    close(descriptor)
}
