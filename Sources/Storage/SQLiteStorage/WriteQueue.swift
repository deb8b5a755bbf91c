internal import ObjectModel
internal import ObjectStorage

/// One thing for the writer to do, with whoever waits for it.
enum PendingWrite: Sendable {
    /// A compare-and-set; answered with its revision once it is durable.
    case commit(StoreWrite, CheckedContinuation<Result<Revision, StoreError>, Never>)
    /// An order to forget old versions; answered with the revision asked for.
    case compact(Revision, CheckedContinuation<Result<Revision, StoreError>, Never>)

    var byteCount: Int {
        switch self {
        case .commit(let write, _): write.byteCount
        case .compact: 0
        }
    }

    func answer(_ result: Result<Revision, StoreError>) {
        switch self {
        case .commit(_, let waiter), .compact(_, let waiter): waiter.resume(returning: result)
        }
    }
}

/// The writes that wait for the writer. At most one drain runs; what comes meanwhile forms the next batch.
struct WriteQueue: Sendable {
    /// The most writes waiting.
    static let maximumCount = 10_000
    /// The most bytes waiting.
    static let maximumBytes = 256 << 20
    /// The most writes made durable together.
    static let batchCount = 256
    /// The most bytes made durable together, unless a single write is larger.
    static let batchBytes = 8 << 20

    /// What the caller of `add` has to do.
    enum Admission: Equatable {
        case startDraining
        case wait
        case refuse(StoreError)
    }

    private var waiting: [PendingWrite] = []
    private var waitingBytes = 0
    private var isDraining = false
    private var isClosed = false

    mutating func add(_ write: PendingWrite) -> Admission {
        if isClosed { return .refuse(.unavailable("the store is closed")) }
        if waiting.count >= Self.maximumCount || waitingBytes + write.byteCount > Self.maximumBytes {
            return .refuse(.unavailable("the store has \(waiting.count) writes waiting; try again later"))
        }
        waiting.append(write)
        waitingBytes += write.byteCount
        if isDraining { return .wait }
        isDraining = true
        return .startDraining
    }

    /// The next batch; empty when nothing waits, and the drain ends.
    mutating func takeBatch() -> [PendingWrite] {
        var count = 0
        var bytes = 0
        while count < min(waiting.count, Self.batchCount) {
            bytes += waiting[count].byteCount
            if count > 0, bytes > Self.batchBytes { break }
            count += 1
        }
        let batch = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        for write in batch { waitingBytes -= write.byteCount }
        if batch.isEmpty { isDraining = false }
        return batch
    }

    /// Refuses what comes from now on. What waits is still written.
    mutating func close() { isClosed = true }
}
