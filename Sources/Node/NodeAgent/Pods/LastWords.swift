internal import APIProtocol
internal import NodeInterfaces
internal import ObjectModel

/// What a container left in its termination message file, or (with `FallbackToLogsOnError`) the end of its log.
extension ContainerState {
    static let longestMessage = 4096
    static let longestLogTail = 2048
    static let mostLogLines = 80

    /// Puts the container's last words into its end, when the runtime has none.
    mutating func addLastWords() {
        guard case .exited(let code, let reason, let message, let startedAt, let finishedAt) = phase, message.isEmpty
        else { return }
        let file = annotations[RuntimeKeys.terminationMessageFile]
        var words = file.map { NodeFiles.text($0, limit: Self.longestMessage) } ?? ""
        if words.isEmpty, code != 0, annotations[RuntimeKeys.terminationMessagePolicy] == "FallbackToLogsOnError" {
            words = logTail()
        }
        guard !words.isEmpty else { return }
        phase = .exited(code: code, reason: reason, message: words, startedAt: startedAt, finishedAt: finishedAt)
    }

    private func logTail() -> String {
        guard let file = LogFile(logPath) else { return "" }
        let offset = LogTail.offset(ofLast: Self.mostLogLines, size: file.size) { file.read(at: $0, count: $1) }
        var renderer = LogRenderer(
            LogRequest(pod: NamespacedName(name: ""), podUID: podUID, container: name))
        // The lines' times and streams are read too, but only the texts count.
        let bytes = renderer.feed(file.read(at: offset, count: 4 * LogFile.blockSize)) + renderer.finish()
        return String(decoding: bytes.suffix(Self.longestLogTail), as: UTF8.self)
    }
}

/// Small reads of the node's files, where absence reads as nothing.
enum NodeFiles {
    static func text(_ path: String, limit: Int = 1 << 20) -> String {
        do throws(HostFileError) {
            return String(decoding: try HostFiles.read(path, limit: limit), as: UTF8.self)
        } catch {
            return ""
        }
    }
}
