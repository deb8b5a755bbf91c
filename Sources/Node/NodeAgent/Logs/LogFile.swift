#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A log file that is open for reading until the last reference goes.
final class LogFile: Sendable {
    /// How much is read at a time.
    static let blockSize = 64 << 10
    private let descriptor: Int32

    /// Opens a file; nil when that fails, mostly because it is not there yet.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Which file it is, whatever its name.
    struct Identity: Hashable {
        var device: UInt64
        var number: UInt64
    }

    var identity: Identity? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    /// The size in bytes.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// The bytes at `offset`, at most `count`; fewer at the end of the file, none after it or when reading fails.
    func read(at offset: Int64, count: Int = LogFile.blockSize) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { return }
                filled += got
            }
        }
    }
}
