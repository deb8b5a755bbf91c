internal import ControllerRuntime
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Gives a signal whenever something in a directory is written or made, until it is cancelled or the last reference
/// goes.
final class DirectoryChanges: Sendable {
    private let source: Mutex<(any DispatchSourceProtocol)?>

    /// Watches `directory`; nil when it is not there or the system has no watch left.
    init?(_ directory: String, signal: Signal) {
        guard let source = Self.source(directory, signal) else { return nil }
        self.source = Mutex(source)
    }

    deinit { cancel() }

    /// Ends the watch.
    func cancel() {
        source.withLock { source in
            source?.cancel()
            source = nil
        }
    }

    #if canImport(Glibc)
        private static func source(_ directory: String, _ signal: Signal) -> sending (any DispatchSourceProtocol)? {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            guard inotify_add_watch(descriptor, directory, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)) >= 0 else {
                close(descriptor)
                return nil
            }
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
            source.setEventHandler {
                // What changed does not matter: the reader looks for itself.
                var events = [UInt8](repeating: 0, count: 4096)
                while read(descriptor, &events, events.count) > 0 {}
                signal.give()
            }
            source.setCancelHandler { close(descriptor) }
            source.activate()
            return source
        }
    #else
        private static func source(_ directory: String, _ signal: Signal) -> sending (any DispatchSourceProtocol)? {
            let descriptor = open(directory, O_EVTONLY)
            guard descriptor >= 0 else { return nil }
            let source = DispatchSource.makeFileSystemObjectSource(
                fileDescriptor: descriptor, eventMask: [.write, .extend], queue: .global())
            source.setEventHandler { signal.give() }
            source.setCancelHandler { close(descriptor) }
            source.activate()
            return source
        }
    #endif
}
