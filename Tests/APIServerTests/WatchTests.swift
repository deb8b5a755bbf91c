import APIProtocol
import APIServer
import ObjectModel
import ObjectStorage
import Testing

@Suite struct WatchTests {
    private let merge = [("Content-Type", PatchType.merge.rawValue)]

    @Test func aWatchWithoutRevisionBeginsWithTheState() async throws {
        let server = try await ReadTests.filled()
        for query: [(name: String, value: String)] in [[], [("resourceVersion", "0")]] {
            let watch = try await server.watch(configMaps, query: query)
            for name in ["a", "b", "c", "d", "e"] { #expect(try await watch.summary() == "ADDED \(name)") }
            watch.cancel()
        }
    }

    @Test func aWatchAfterARevisionSeesWhatFollowsInOrder() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "1")])
        _ = try await server.call(.post, configMaps, Sample.configMap("b"))
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        _ = try await server.call(.patch, "\(configMaps)/a", ["data": ["k": "v"]], headers: merge)
        _ = try await server.call(.delete, "\(configMaps)/b")
        #expect(try await watch.summary() == "ADDED b")
        let modified = try #require(try await watch.next())
        #expect(modified["type"] == "MODIFIED")
        #expect(modified["object"]?["data"]?["k"] == "v")
        let deleted = try #require(try await watch.next())
        #expect(deleted["type"] == "DELETED")
        #expect(deleted["object"]?["metadata"]?["resourceVersion"] == "5")
    }

    @Test func leavingTheSelectionIsDeletedWithOldContentAndNewRevision() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a", labels: ["in": "no"], data: ["k": "1"]))
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "1"), ("labelSelector", "in=yes")])
        _ = try await server.call(.patch, "\(configMaps)/a", ["metadata": ["labels": ["in": "yes"]]], headers: merge)
        _ = try await server.call(
            .patch, "\(configMaps)/a", ["metadata": ["labels": ["in": "no"]], "data": ["k": "2"]], headers: merge)
        #expect(try await watch.summary() == "ADDED a")
        let left = try #require(try await watch.next())
        #expect(left["type"] == "DELETED")
        #expect(left["object"]?["data"]?["k"] == "1")
        #expect(left["object"]?.labels["in"] == "yes")
        #expect(left["object"]?["metadata"]?["resourceVersion"] == "3")
    }

    @Test func oneNameOrThePathOfOldCanBeWatched() async throws {
        let server = try await ReadTests.filled()
        let byField = try await server.watch(configMaps, query: [("fieldSelector", "metadata.name=b")])
        #expect(try await byField.summary() == "ADDED b")
        let byPath = try await server.watch("/api/v1/watch/namespaces/default/configmaps/c")
        #expect(try await byPath.summary() == "ADDED c")
        _ = try await server.call(.delete, "\(configMaps)/b")
        _ = try await server.call(.delete, "\(configMaps)/c")
        #expect(try await byField.summary() == "DELETED b")
        #expect(try await byPath.summary() == "DELETED c")
    }

    @Test func revisionsThatCannotBeWatchedAreRefused() async throws {
        let server = try await ReadTests.filled()
        try await server.store.compact(through: Revision(4))
        let cases: [([(name: String, value: String)], Int, String)] = [
            ([("resourceVersion", "1")], 410, "too old resource version: 1 ("),
            ([("resourceVersion", "99")], 504, "Timeout: Too large resource version: 99, current: 6"),
            (
                [("sendInitialEvents", "true")], 422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires "
                    + "setting resourceVersionMatch to NotOlderThan"
            ),
            (
                [("resourceVersionMatch", "NotOlderThan")], 422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is "
                    + "forbidden for watch unless sendInitialEvents is provided"
            ),
        ]
        for (query, code, message) in cases {
            let reply = try await server.call(.get, configMaps, query: [("watch", "1")] + query)
            #expect(reply.code == code, "\(query)")
            #expect(reply.message.hasPrefix(message), "\(reply.message)")
        }
    }

    @Test func aStreamingListEndsItsStateWithABookmark() async throws {
        let server = try await ReadTests.filled()
        let watch = try await server.watch(
            configMaps,
            query: [
                ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"),
                ("allowWatchBookmarks", "true"),
                ("fieldSelector", "metadata.name=a"),
            ])
        #expect(try await watch.summary() == "ADDED a")
        let bookmark = try #require(try await watch.next())
        #expect(bookmark["type"] == "BOOKMARK")
        #expect(bookmark["object"]?["kind"] == "ConfigMap")
        #expect(bookmark["object"]?["metadata"]?["resourceVersion"] == "6")
        #expect(bookmark["object"]?.annotations["k8s.io/initial-events-end"] == "true")
    }

    @Test func bookmarksComeEachMinuteAndBeforeTheEnd() async throws {
        let server = try await ReadTests.filled()
        let watch = try await server.watch(
            configMaps,
            query: [("resourceVersion", "6"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", "150")])
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        server.clock.startJumping()
        for second in [60, 120, 150] {
            let bookmark = try #require(try await watch.next())
            #expect(bookmark["type"] == "BOOKMARK")
            #expect(bookmark["object"]?["metadata"]?["resourceVersion"] == "7", "told without a change of its own kind")
            #expect(server.clock.now == Timestamp("2026-01-02T03:04:05Z").map { $0 + .seconds(second) })
        }
        #expect(try await watch.next() == nil)
    }

    @Test(arguments: ["9223372036854775807", "86401"]) func noWatchIsLongerThanADay(_ seconds: String) async throws {
        let server = try await ReadTests.filled()
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "6"), ("timeoutSeconds", seconds)])
        server.clock.startJumping()
        #expect(try await watch.next() == nil)
        #expect(server.clock.now == Timestamp("2026-01-03T03:04:05Z"))
    }

    @Test func aBusyWatchEndsInTimeToo() async throws {
        let server = try await ReadTests.filled()
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "6"), ("timeoutSeconds", "5")])
        for name in ["f", "g"] { _ = try await server.call(.post, configMaps, Sample.configMap(name)) }
        server.clock.advance(.seconds(5))
        #expect(try await watch.next() == nil)
    }

    @Test func withoutBookmarksAWatchJustEnds() async throws {
        let server = try await ReadTests.filled()
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "6"), ("timeoutSeconds", "5")])
        server.clock.startJumping()
        #expect(try await watch.next() == nil)
        #expect(server.clock.now == Timestamp("2026-01-02T03:04:10Z"))
    }

    @Test func aWatcherThatFallsBehindIsToldSo() async throws {
        let server = try TestServer()
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "0")])
        for number in 0...EventSubscription.defaultCapacity {
            let key = StoreKey(
                GroupResource(group: "", resource: "configmaps"), namespace: "default", name: "n\(number)")
            _ = try await server.store.commit(
                StoreWrite(key: key, precondition: .absent, change: .put(EncodedObject(Sample.configMap("n\(number)"))))
            )
        }
        let event = try #require(try await watch.next())
        #expect(event["type"] == "ERROR")
        #expect(event["object"]?["code"] == 410)
        #expect(event["object"]?["reason"] == "Expired")
        #expect(try await watch.next() == nil)
    }

    @Test func aWatcherThatDoesNotReadHoldsLittleOfLargeObjects() async throws {
        let server = try TestServer()
        let watch = try await server.watch(configMaps, query: [("resourceVersion", "0")])
        let large = Sample.configMap("a", data: ["k": String(repeating: "x", count: 1 << 20)])
        let key = StoreKey(GroupResource(group: "", resource: "configmaps"), namespace: "default", name: "a")
        var precondition = StoreWrite.Precondition.absent
        for _ in 1...33 {
            let write = StoreWrite(key: key, precondition: precondition, change: .put(EncodedObject(large)))
            precondition = .revision(try await server.store.commit(write))
        }
        let event = try #require(try await watch.next())
        #expect(event["type"] == "ERROR")
        #expect(event["object"]?["code"] == 410)
    }

    @Test func aWatchIsWrittenInPiecesOfAMebibyte() async throws {
        let server = try TestServer()
        for name in ["a", "b", "c"] { _ = try await server.call(.post, configMaps, Self.halfMebibyte(name)) }
        let watch = try await server.server.send(
            APIRequest(
                .get, configMaps, query: [("watch", "1"), ("resourceVersion", "0")], credentials: TestServer.admin))
        for name in ["d", "e", "f"] { _ = try await server.call(.post, configMaps, Self.halfMebibyte(name)) }
        guard case .stream(let stream) = watch.body else { throw Unexpected() }
        for lines in [2, 1, 2, 1] {
            let piece = try #require(try await stream.next())
            #expect(piece.split(separator: 0x0A).count == lines)
        }
        stream.cancel()
    }

    private struct Unexpected: Error {}

    /// A little more than that.
    private static func halfMebibyte(_ name: String) -> Value {
        Sample.configMap(name, data: ["k": String(repeating: "x", count: 512 << 10)])
    }

    @Test func onlyTheFirstTableCarriesColumns() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let watch = try await server.watch(
            configMaps, headers: [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")])
        let first = try #require(try await watch.next())
        #expect(first["object"]?["columnDefinitions"]?.array?.isEmpty == false)
        _ = try await server.call(.post, configMaps, Sample.configMap("b"))
        let second = try #require(try await watch.next())
        #expect(second["object"]?["columnDefinitions"] == .null)
        #expect(second["object"]?["rows"]?.array?.first?["cells"]?.array?.first == "b")
        #expect(second["object"]?["rows"]?.array?.first?["object"]?["kind"] == "PartialObjectMetadata")
    }
}
