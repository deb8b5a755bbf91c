internal import Logging

/// Waits for containerd, however long it takes, and says in the log that it does.
struct Patience: Sendable {
    /// Where containerd's own log is; empty when it is not ours.
    let log: String
    let logger: Logger
    /// How to wait between two tries.
    var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }

    /// Tries `body` until it succeeds or the task is cancelled.
    func until(_ body: @Sendable () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await body()
                return
            } catch {
                if Task.isCancelled { return }
                logger.warning("containerd is not ready yet", metadata: ["reason": "\(error)", "log": "\(log)"])
                try? await pause()
            }
        }
    }
}
