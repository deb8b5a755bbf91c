internal import Synchronization

/// The trees of the objects that were encoded last, so that whoever reads one of them again need not parse it: the next
/// write of the object, the watches of this process.
///
/// Bounded by `capacity` objects and `maximumBytes` of their JSON (a tree takes some times that); the oldest go first.
package final class RecentTrees: Sendable {
    /// The most objects.
    package static let capacity = 256
    /// The most bytes of JSON of them all; a longer object is never kept.
    package static let maximumBytes = 1 << 20

    /// The place of one object's tree, shared by all copies of the object.
    final class Place: Sendable {
        private let tree: Mutex<Value?>
        init(_ tree: Value) { self.tree = Mutex(tree) }
        var value: Value? { tree.withLock { $0 } }
        fileprivate func empty() { tree.withLock { $0 = nil } }
    }

    private struct State {
        var places: [(place: Place, bytes: Int)] = []
        /// Where the oldest is: what stands before it is empty.
        var first = 0
        var bytes = 0

        mutating func dropOldest() {
            places[first].place.empty()
            bytes -= places[first].bytes
            first += 1
            guard first > RecentTrees.capacity else { return }
            places.removeFirst(first)
            first = 0
        }
    }

    private let state = Mutex(State())

    /// None yet.
    package init() {}

    /// How many trees are kept.
    package var count: Int { state.withLock { $0.places.count - $0.first } }

    /// A place for the tree of an object of `bytes` bytes; nil when it is too long.
    func keep(_ tree: Value, bytes: Int) -> Place? {
        guard bytes <= Self.maximumBytes else { return nil }
        let place = Place(tree)
        state.withLock { state in
            state.places.append((place, bytes))
            state.bytes += bytes
            while state.bytes > Self.maximumBytes || state.places.count - state.first > Self.capacity {
                state.dropOldest()
            }
        }
        return place
    }
}
