import APIProtocol
import Foundation
import HTTPCalling
import ObjectModel
import ObjectStorage
import SQLiteStorage
import Synchronization
import Testing

/// The guarantees of watches, over real HTTPS and a real store: ordered, unique, atomic, reliable, resumable,
/// bookmarkable (KEP-3157 names them), with concurrent writers, readers that are slow or go away, restarts of the server
/// and compaction.
@Suite struct WatchGuaranteeTests {
    private static let writers = 4
    private static let restarts = 3

    private static let scopes: [Scope] = [
        Scope(path: "/api/v1/configmaps") { _ in true },
        Scope(path: "/api/v1/namespaces/a/configmaps") { $0.namespace == "a" },
        Scope(path: "/api/v1/configmaps", query: [("labelSelector", "color=red")]) {
            $0.labels["color"] == "red"
        },
        Scope(path: "/api/v1/namespaces/b/configmaps", query: [("fieldSelector", "metadata.name=c1")]) {
            $0.namespacedName == NamespacedName(namespace: "b", name: "c1")
        },
    ]

    @Test(.timeLimit(.minutes(2)))
    func whateverHappensEveryWatchTellsWhatWas() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("watch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let site = try Site(folder: folder.path)
        let history = History()
        let goal = Mutex<Revision?>(nil)
        let writing = Flag()
        defer {
            writing.clear()
            history.end()
        }
        var outcomes: [Watcher.Outcome] = []
        var acknowledged: Set<Int64> = []
        var compactions = 0
        try await withThrowingTaskGroup(of: Void.self) { servers in
            try await site.start(in: &servers)
            var transports: [HTTPSTransport] = []
            func transport() throws -> HTTPSTransport {
                let transport = try site.client()
                transports.append(transport)
                return transport
            }
            let writers = try (0..<Self.writers).map { Writer(number: $0, transport: try transport()) }
            let watchers = try Self.scopes.flatMap { scope in
                try Watcher.Manner.allCases.map { manner in
                    Watcher(
                        scope: scope, manner: manner, transport: try transport(), history: history,
                        goal: { goal.withLock { $0 } })
                }
            }
            if let store = site.store { servers.addTask { await history.follow(store) } }
            // An empty store has no revision that could be watched from.
            _ = await Writer(number: Self.writers, transport: try transport()).run { history.last == .zero }
            async let watched = Self.all(watchers.map { watcher in { await watcher.run() } })
            async let written = Self.all(writers.map { writer in { await writer.run { writing.isSet } } })
            for _ in 0..<Self.restarts {
                await history.wait(for: 180)
                for _ in 0..<2 {
                    // Most of what was is forgotten while somebody may still want it.
                    try await site.store?.compact(through: Revision(max(1, history.last.value - 40)))
                    compactions += 1
                    await history.wait(for: 20)
                }
                await site.stop()
                try await site.start(in: &servers)
                if let store = site.store { servers.addTask { await history.follow(store) } }
            }
            await history.wait(for: 100)
            writing.clear()
            acknowledged = Set(await written.flatMap { $0 })
            let last = try #require(try await site.store?.currentRevision())
            await history.wait(until: last)
            goal.withLock { $0 = last }
            history.end()
            outcomes = await watched
            await site.stop()
            for transport in transports { await transport.shutdown() }
            servers.cancelAll()
        }
        check(outcomes, history.events, acknowledged)
        #expect(compactions == 2 * Self.restarts)
    }

    private func check(_ outcomes: [Watcher.Outcome], _ history: [StoreEvent], _ acknowledged: Set<Int64>) {
        // Deletions are acknowledged without a revision.
        #expect(acknowledged.count > history.count / 2)
        #expect(acknowledged.subtracting(history.map(\.revision.value)) == [], "acknowledged, but not there")
        let faults =
            outcomes.flatMap(\.recordings).flatMap { $0.faults(history) }
            + outcomes.flatMap(\.listings).flatMap { $0.faults(history) }
        #expect(faults == [])
        let final = Scope.picture(history)
        for outcome in outcomes {
            guard let scope = outcome.recordings.first?.scope else { continue }
            #expect(outcome.picture == final.filter { scope.matches($0.value) }, "\(scope.path) \(scope.query)")
        }
        // All of it has to have happened, or nothing was shown.
        #expect(outcomes.count == Self.scopes.count * Watcher.Manner.allCases.count)
        let resumed = outcomes.map { $0.recordings.count { !$0.told.isEmpty } - $0.listings.count }
        #expect(resumed.reduce(0, +) > Self.restarts * outcomes.count)
        #expect(outcomes.contains { $0.listings.count > 1 }, "nobody was told that its revision is gone")
        #expect(outcomes.contains { $0.bookmarks > 0 }, "nobody saw a bookmark")
        #expect(outcomes.flatMap(\.recordings).flatMap(\.told).count > 1000)
    }

    private static func all<Result: Sendable>(_ work: [@Sendable () async -> Result]) async -> [Result] {
        await withTaskGroup(of: Result.self) { group in
            for one in work { group.addTask { await one() } }
            var results: [Result] = []
            for await result in group { results.append(result) }
            return results
        }
    }
}

/// Writes ConfigMaps of few names, which other writers write too.
private struct Writer: Sendable {
    let number: Int
    let transport: HTTPSTransport

    /// Makes changes while it may; the revisions of those that were acknowledged.
    func run(while mayGoOn: @Sendable () -> Bool) async -> [Int64] {
        let client = APIClient(transport)
        var acknowledged: [Int64] = []
        while !Task.isCancelled, mayGoOn() {
            do throws(APIError) {
                if let revision = try await change(client).revision { acknowledged.append(revision.value) }
            } catch {
                // Others were first, or the server is away: something else is tried.
                await Task.yield()
            }
        }
        return acknowledged
    }

    private static let resource = APIResource(kind: "ConfigMap", plural: "configmaps")

    private func change(_ client: APIClient) async throws(APIError) -> Value {
        let namespace = Bool.random() ? "a" : "b"
        let name = "c\(Int.random(in: 0..<6))"
        let color = Bool.random() ? "red" : "blue"
        switch Int.random(in: 0..<10) {
        case 0: return try await client.delete(Self.resource, namespace: namespace, name: name)
        case 1...3:
            return try await client.create(
                Self.resource,
                [
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": [
                        "name": .string(name), "namespace": .string(namespace), "labels": ["color": .string(color)],
                    ], "data": ["writer": .string("\(number)")],
                ])
        default:
            return try await client.patch(
                Self.resource, namespace: namespace, name: name,
                [
                    "metadata": ["labels": ["color": .string(color)]],
                    "data": ["writer": .string("\(number)"), "dice": .string("\(Int.random(in: 0..<1_000_000))")],
                ])
        }
    }
}

/// Whether something is still to be done.
private final class Flag: Sendable {
    private let state = Mutex(true)
    var isSet: Bool { state.withLock { $0 } }
    func clear() { state.withLock { $0 = false } }
}
