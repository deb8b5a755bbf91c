/// Which keys to work on, and when: a synchronous state machine with client-go's rules.
///
/// Guarantees: a key that is added while it waits is worked on once; a key that is added while it is being worked on
/// is worked on again after that, never at the same time. The queue is bounded by the number of keys.
package struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    private struct Delayed: Sendable {
        var due: Duration
        var key: Key
    }

    private var ready: [Key] = []
    private var head = 0
    /// Since when each key waits, also those that are worked on meanwhile.
    private var waiting: [Key: Duration] = [:]
    /// Since when each key is worked on.
    private var processing: [Key: Duration] = [:]
    private var dueTimes: [Key: Duration] = [:]
    private var heap: [Delayed] = []
    private var failures: [Key: Int] = [:]
    private let backOff: BackOff

    /// An empty queue.
    package init(backOff: BackOff = .failedKeys) { self.backOff = backOff }

    /// How many keys are ready to be worked on.
    package var count: Int { ready.count - head }
    /// How many keys are being worked on.
    package var inProgress: Int { processing.count }
    /// When the next delayed key is due; nil without one.
    package var nextDue: Duration? { heap.first?.due }

    /// For how long each key has been worked on at `now`.
    package func timesInWork(at now: Duration) -> [Duration] { processing.values.map { now - $0 } }

    /// Adds a key to be worked on now. Whether it did not wait already.
    @discardableResult
    package mutating func add(_ key: Key, now: Duration) -> Bool {
        guard waiting[key] == nil else { return false }
        waiting[key] = now
        if processing[key] == nil { ready.append(key) }
        return true
    }

    /// Adds a key to be worked on at `due`; an earlier time that is already set stays.
    package mutating func add(_ key: Key, at due: Duration) {
        if let known = dueTimes[key], known <= due { return }
        dueTimes[key] = due
        push(Delayed(due: due, key: key))
    }

    /// Adds a key after its next back-off time; returns that time.
    @discardableResult
    package mutating func addAfterFailure(_ key: Key, now: Duration) -> Duration {
        failures[key, default: 0] += 1
        let delay = backOff.delay(failures: failures[key] ?? 1)
        add(key, at: now + delay)
        return delay
    }

    /// Forgets the failures of a key.
    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// How often the key has failed in a row.
    package func failures(of key: Key) -> Int { failures[key] ?? 0 }

    /// Makes the keys that are due at `now` ready. How many did not wait already.
    @discardableResult
    package mutating func advance(to now: Duration) -> Int {
        var added = 0
        while let first = heap.first, first.due <= now {
            pop()
            guard dueTimes[first.key] == first.due else { continue }
            dueTimes[first.key] = nil
            if add(first.key, now: now) { added += 1 }
        }
        return added
    }

    /// The next key to work on and how long it has waited; nil when none is ready. The caller says `done` afterwards.
    package mutating func take(now: Duration) -> (key: Key, waited: Duration)? {
        guard head < ready.count else { return nil }
        let key = ready[head]
        head += 1
        if head > 64, head * 2 > ready.count {
            ready.removeFirst(head)
            head = 0
        }
        processing[key] = now
        return (key, now - (waiting.removeValue(forKey: key) ?? now))
    }

    /// Ends the work on a key, and says how long it took; when the key was added meanwhile it is ready again.
    @discardableResult
    package mutating func done(_ key: Key, now: Duration) -> Duration {
        let begin = processing.removeValue(forKey: key)
        if waiting[key] != nil { ready.append(key) }
        return now - (begin ?? now)
    }

    private mutating func push(_ item: Delayed) {
        heap.append(item)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && heap[right].due < heap[left].due ? right : left
            guard heap[child].due < heap[parent].due else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
