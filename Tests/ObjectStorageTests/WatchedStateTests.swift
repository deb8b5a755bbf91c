import ObjectModel
import ObjectStorage
import Testing

/// Watchers who are found by a field of what they watch, as the agents of many nodes are.
@Suite struct WatchedStateTests {
    private static let pods = GroupResource(group: "", resource: "pods")
    private static let range = KeyRange(pods)

    private let watched = WatchedState(StoreState())

    private func write(
        _ name: String, node: String?, from revision: Revision? = nil, resource: GroupResource = pods
    ) throws -> Revision {
        var object: Value = ["kind": "Pod", "metadata": ["name": .string(name)], "spec": [:]]
        if let node { object["spec", "nodeName"] = .string(node) }
        return try commit(
            StoreWrite(
                key: StoreKey(resource, namespace: "default", name: name),
                precondition: revision.map { .revision($0) } ?? .absent, change: .put(EncodedObject(object))))
    }

    private func commit(_ write: StoreWrite) throws -> Revision {
        var revision = Revision.zero
        try watched.publish { state in
            let event = try state.commit(write)
            revision = event.revision
            return [event]
        }
        return revision
    }

    private func watcher(of node: String?, after revision: Revision = .zero) throws -> EventSubscription {
        try watched.subscribe(
            to: Self.range, after: revision,
            trigger: node.map { FieldCondition(path: ["spec", "nodeName"], value: $0) })
    }

    private func taken(_ watcher: EventSubscription) throws -> [Int64] {
        try watcher.takeBuffered().map(\.revision.value)
    }

    @Test func aChangeReachesWhomItConcernsBeforeOrAfter() throws {
        let (all, first, second) = (try watcher(of: nil), try watcher(of: "n1"), try watcher(of: "n2"))
        let made = try write("a", node: nil)
        let bound = try write("a", node: "n1", from: made)
        let moved = try write("a", node: "n2", from: bound)
        _ = try commit(
            StoreWrite(
                key: StoreKey(Self.pods, namespace: "default", name: "a"), precondition: .revision(moved),
                change: .delete(final: EncodedObject(["metadata": ["name": "a"], "spec": ["nodeName": "n2"]]))))
        _ = try write("a", node: "n1", resource: GroupResource(group: "", resource: "podtemplates"))
        #expect(try taken(all) == [1, 2, 3, 4])
        #expect(try taken(first) == [2, 3])
        #expect(try taken(second) == [3, 4])
    }

    @Test func theBacklogIsChosenToo() throws {
        let made = try write("a", node: "n1")
        _ = try write("b", node: "n2")
        _ = try write("a", node: "n1", from: made)
        #expect(try taken(watcher(of: "n1")) == [1, 3])
        #expect(try taken(watcher(of: "n1", after: Revision(1))) == [3])
    }

    /// A bookmark may carry it: nothing that concerns the watcher is missing before it.
    @Test func whomNothingConcernsStillKnowsHowFarTheStoreIs() throws {
        let (idle, busy) = (try watcher(of: "n1"), try watcher(of: "n2"))
        #expect(idle.deliveredThrough == .zero)
        _ = try write("a", node: "n2")
        #expect(idle.deliveredThrough == Revision(1))
        #expect(busy.deliveredThrough == nil)
        #expect(try taken(busy) == [1])
        #expect(busy.deliveredThrough == Revision(1))
    }

    @Test func whoCancelsIsForgotten() throws {
        let watchers = [try watcher(of: nil), try watcher(of: "n1"), try watcher(of: "n1"), try watcher(of: "n2")]
        #expect(watched.watcherCount == 4)
        watchers[1].cancel()
        #expect(watched.watcherCount == 3)
        _ = try write("a", node: "n1")
        #expect(try taken(watchers[2]) == [1])
        for watcher in watchers { watcher.cancel() }
        #expect(watched.watcherCount == 0)
    }

    /// A reader that notices late that all watches were ended takes no later watcher with it.
    @Test func whoWasEndedTakesNobodyWithIt() throws {
        let old = [try watcher(of: nil), try watcher(of: "n1")]
        watched.endSubscriptions(.unavailable("restart"))
        #expect(watched.watcherCount == 0)
        let new = [try watcher(of: nil), try watcher(of: "n1")]
        for watcher in old { watcher.cancel() }
        #expect(watched.watcherCount == 2)
        _ = try write("a", node: "n1")
        for watcher in new { #expect(try taken(watcher) == [1]) }
    }
}
