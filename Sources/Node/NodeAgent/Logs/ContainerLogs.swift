package import APIProtocol
internal import ControllerRuntime
internal import ObjectModel
internal import Synchronization

/// Serves container logs out of CRI log files.
package enum ContainerLogs {
    /// The log at `path` as `request` wants it. With `follow` the stream goes on while the container runs: `ended`
    /// returns when it has ended (at once when it did before) or when its task is cancelled; what was written until
    /// then still comes. With `follow` it goes on in the file that a rotation begins; otherwise only the newest file is
    /// read, as by kubelet. A file that is not there is an empty log, or with `follow` one that has not begun.
    package static func stream(
        _ request: LogRequest, path: String, ended: @escaping @Sendable () async -> Void
    ) -> ByteStream {
        let reader = LogReader(request, path: path, ended: ended)
        return ByteStream(next: { try await reader.next() }, cancel: { reader.cancel() })
    }
}

/// Reads one log for one client.
private final class LogReader: Sendable {
    private struct State {
        var renderer: LogRenderer
        var file: LogFile?
        var changes: DirectoryChanges?
        var offset: Int64 = 0
        var isWatching = false
        /// Nothing is written any more: the next end of the file is the last.
        var hasEnded = false
        var isOver = false
    }

    private enum Step {
        case piece([UInt8])
        case wait
        case end
        case failure(APIStatus)
    }

    private let request: LogRequest
    private let path: String
    private let ended: @Sendable () async -> Void
    private let signal = Signal()
    private let state: Mutex<State>

    init(_ request: LogRequest, path: String, ended: @escaping @Sendable () async -> Void) {
        self.request = request
        self.path = path
        self.ended = ended
        state = Mutex(State(renderer: LogRenderer(request), hasEnded: !request.follow))
    }

    func next() async throws -> [UInt8]? {
        while !Task.isCancelled {
            switch state.withLock({ step(&$0) }) {
            case .piece(let bytes): return bytes
            case .end: return nil
            case .wait: await waitForMore()
            case .failure(let status): throw status
            }
        }
        return nil
    }

    func cancel() {
        state.withLock { Self.close(&$0) }
        signal.give()
    }

    private func waitForMore() async {
        let hasEnded = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.signal.wait()
                return false
            }
            group.addTask {
                await self.ended()
                return !Task.isCancelled
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        if hasEnded { state.withLock { $0.hasEnded = true } }
    }

    private func step(_ state: inout State) -> Step {
        guard !state.isOver else { return .end }
        watchBeforeReading(&state)
        if state.file == nil { open(&state) }
        while let file = state.file, !state.renderer.isFull {
            let bytes = file.read(at: state.offset)
            if bytes.isEmpty {
                guard request.follow, let successor = successor(of: file) else { break }
                // Written since that read and before the successor was begun.
                if file.size > state.offset { continue }
                state.file = successor
                state.offset = 0
                continue
            }
            state.offset += Int64(bytes.count)
            let output = state.renderer.feed(bytes)
            if !output.isEmpty { return .piece(output) }
        }
        if !state.hasEnded, !state.renderer.isFull {
            if state.file == nil || state.isWatching { return .wait }
            Self.close(&state)
            return .failure(.internalError("cannot watch \(path): no inotify watch is left"))
        }
        let rest = state.renderer.finish()
        Self.close(&state)
        return rest.isEmpty ? .end : .piece(rest)
    }

    /// The watch comes first: what is written after a read that found nothing then gives the signal.
    private func watchBeforeReading(_ state: inout State) {
        guard request.follow, !state.isWatching else { return }
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        state.changes = DirectoryChanges(directory, signal: signal)
        state.isWatching = state.changes != nil
    }

    private func open(_ state: inout State) {
        guard let file = LogFile(path) else { return }
        state.file = file
        guard let lines = request.tailLines else { return }
        state.offset = LogTail.offset(ofLast: lines, size: file.size) { offset, count in
            file.read(at: offset, count: count)
        }
    }

    /// The file that took this one's name when the log was rotated, once something is in it: then nothing more is written
    /// to this one.
    private func successor(of file: LogFile) -> LogFile? {
        guard let newest = LogFile(path), newest.size > 0, newest.identity != file.identity else { return nil }
        return newest
    }

    private static func close(_ state: inout State) {
        state.isOver = true
        state.changes?.cancel()
        state.changes = nil
        state.file = nil
    }
}
