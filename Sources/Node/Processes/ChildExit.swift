internal import LinuxShims

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum ChildExit {
    /// Waits for a child: its exit code, or 128 + the signal that ended it.
    static func wait(for child: pid_t) -> Int {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { return 127 }
        }
        let signal = status & 0x7f
        return signal == 0 ? Int(status >> 8 & 0xff) : 128 + Int(signal)
    }
}

enum CArguments {
    /// Calls `body` with a null-terminated array of C strings.
    static func with<Result>(
        _ arguments: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // An array with at least the terminator has a base address.
            body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }
}

enum InputFile {
    /// A nameless file that holds `text`, to be read from its start; nil (and errno) when there is none.
    static func holding(_ text: String) -> Int32? {
        if text.isEmpty {
            let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
            return null < 0 ? nil : null
        }
        let file = ordinal_memory_file()
        guard file >= 0 else {
            errno = -file
            return nil
        }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                close(file)
                return nil
            }
            written += count
        }
        lseek(file, 0, SEEK_SET)
        return file
    }
}
