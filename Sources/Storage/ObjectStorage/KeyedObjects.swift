internal import ObjectModel

/// The live objects in key order: a sorted array in chunks.
///
/// A point look-up is two binary searches, a change moves at most one chunk, and a page of a prefix shares whole
/// chunks with the index instead of copying objects: a later write copies one chunk at most.
struct KeyedObjects: Sendable {
    static let chunkCapacity = 512

    /// A place between objects; `chunk == chunks.count` is the end.
    struct Position: Sendable, Equatable {
        var chunk: Int
        var offset: Int
    }

    /// Some consecutive objects, sharing the chunks they lie in.
    struct Slice: Sendable {
        fileprivate let chunks: [[StoredObject]]
        fileprivate let skip: Int
        /// How many objects the slice gives.
        let count: Int

        fileprivate init(chunks: [[StoredObject]], skip: Int, count: Int) {
            (self.chunks, self.skip, self.count) = (chunks, skip, count)
        }

        /// These objects, in key order.
        init(_ objects: [StoredObject]) { self.init(chunks: [objects], skip: 0, count: objects.count) }

        /// The objects, in key order.
        var objects: [StoredObject] {
            var output: [StoredObject] = []
            output.reserveCapacity(count)
            for (number, chunk) in chunks.enumerated() where output.count < count {
                let start = number == 0 ? skip : 0
                output.append(contentsOf: chunk[start...].prefix(count - output.count))
            }
            return output
        }
    }

    private var chunks: [[StoredObject]] = []

    /// The object at `key`.
    subscript(_ key: StoreKey) -> StoredObject? {
        let position = partitionPoint { $0 < key }
        guard position.chunk < chunks.count else { return nil }
        let found = chunks[position.chunk][position.offset]
        return found.key == key ? found : nil
    }

    /// Inserts an object or replaces the one with its key.
    mutating func set(_ object: StoredObject) {
        var position = partitionPoint { $0 < object.key }
        if position.chunk < chunks.count, chunks[position.chunk][position.offset].key == object.key {
            chunks[position.chunk][position.offset] = object
            return
        }
        if position.chunk == chunks.count {
            if chunks.isEmpty || chunks[chunks.count - 1].count >= Self.chunkCapacity {
                chunks.append([object])
                return
            }
            position = Position(chunk: chunks.count - 1, offset: chunks[chunks.count - 1].count)
        }
        chunks[position.chunk].insert(object, at: position.offset)
        if chunks[position.chunk].count > Self.chunkCapacity { split(position.chunk) }
    }

    /// Removes the object at `key`, if there is one.
    mutating func remove(_ key: StoreKey) {
        let position = partitionPoint { $0 < key }
        guard position.chunk < chunks.count, chunks[position.chunk][position.offset].key == key else { return }
        chunks[position.chunk].remove(at: position.offset)
        if chunks[position.chunk].isEmpty {
            chunks.remove(at: position.chunk)
        } else if position.chunk + 1 < chunks.count,
            chunks[position.chunk].count + chunks[position.chunk + 1].count < Self.chunkCapacity / 2
        {
            let next = chunks.remove(at: position.chunk + 1)
            chunks[position.chunk].append(contentsOf: next)
        }
    }

    private mutating func split(_ number: Int) {
        let half = chunks[number].count / 2
        let upper = Array(chunks[number][half...])
        chunks[number].removeSubrange(half...)
        chunks.insert(upper, at: number + 1)
    }

    /// The first place whose key is not before, for a predicate that holds for a first part of the keys.
    func partitionPoint(_ isBefore: (StoreKey) -> Bool) -> Position {
        let chunk = Self.firstIndex(in: chunks.count) { chunks[$0].last.map { !isBefore($0.key) } ?? true }
        guard chunk < chunks.count else { return Position(chunk: chunk, offset: 0) }
        let offset = Self.firstIndex(in: chunks[chunk].count) { !isBefore(chunks[chunk][$0].key) }
        return Position(chunk: chunk, offset: offset)
    }

    private static func firstIndex(in count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The bounds of the keys in `range` behind `after`.
    func bounds(of range: KeyRange, after: StoreKey?) -> (start: Position, end: Position) {
        let start = partitionPoint { key in
            if let after, key <= after { return true }
            return key.path < range.prefix
        }
        let end = partitionPoint { $0.path < range.prefix || range.contains($0) }
        return (start, end)
    }

    /// How many objects lie between two places.
    func count(from start: Position, to end: Position) -> Int {
        guard (start.chunk, start.offset) < (end.chunk, end.offset) else { return 0 }
        if start.chunk == end.chunk { return end.offset - start.offset }
        var count = chunks[start.chunk].count - start.offset + end.offset
        for number in (start.chunk + 1)..<max(end.chunk, start.chunk + 1) { count += chunks[number].count }
        return count
    }

    /// The first `limit` objects behind `start`. The caller keeps `limit` within what is there.
    func slice(from start: Position, limit: Int) -> Slice {
        var taken: [[StoredObject]] = []
        var reached = -start.offset
        var number = start.chunk
        while reached < limit, number < chunks.count {
            taken.append(chunks[number])
            reached += chunks[number].count
            number += 1
        }
        return Slice(chunks: taken, skip: start.offset, count: limit)
    }
}
