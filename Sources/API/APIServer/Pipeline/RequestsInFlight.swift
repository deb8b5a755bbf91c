internal import APIProtocol
internal import ObjectModel
internal import Synchronization

/// How many requests are being answered, those that read and those that write apart; above a limit they are refused with
/// 429, and the client tries again after a second (kube-apiserver's `--max-requests-inflight`,
/// `--max-mutating-requests-inflight`).
final class RequestsInFlight: Sendable {
    private struct Counts {
        var reads = 0
        var writes = 0

        mutating func add(_ number: Int, writes: Bool) {
            if writes { self.writes += number } else { reads += number }
        }
    }

    private let counts = Mutex(Counts())
    private let maximumReads: Int
    private let maximumWrites: Int

    init(maximumReads: Int, maximumWrites: Int) {
        self.maximumReads = maximumReads
        self.maximumWrites = maximumWrites
    }

    /// How many read and how many write.
    var current: (reads: Int, writes: Int) { counts.withLock { ($0.reads, $0.writes) } }

    /// Takes a place, which `leave` gives back.
    func enter(writes: Bool) throws(APIStatus) {
        let entered = counts.withLock { counts in
            guard writes ? counts.writes < maximumWrites : counts.reads < maximumReads else { return false }
            counts.add(1, writes: writes)
            return true
        }
        guard entered else { throw .tooManyRequests("Too many requests, please try again later.") }
    }

    /// Gives a place back.
    func leave(writes: Bool) { counts.withLock { $0.add(-1, writes: writes) } }
}
