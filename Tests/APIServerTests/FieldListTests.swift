import APIProtocol
import APIServer
import ObjectModel
import Testing

/// Lists by a field, of so many objects that the store makes an index.
@Suite struct FieldListTests {
    private static let pods = "/api/v1/pods"

    private static func pod(_ name: String, node: String) -> Value {
        [
            "metadata": ["name": .string(name)],
            "spec": ["nodeName": .string(node), "containers": [["name": "c", "image": "i"]]],
        ]
    }

    private static func filled() async throws -> TestServer {
        let server = try TestServer()
        for number in 0..<300 {
            let namespace = number.isMultiple(of: 10) ? "few" : "many"
            _ = try await server.call(
                .post, "/api/v1/namespaces/\(namespace)/pods", pod("p\(number)", node: "n\(number % 7)"))
        }
        return server
    }

    /// What a list shows, by a look at everything.
    private static func expected(
        _ server: TestServer, _ path: String = pods, at revision: String? = nil, on node: String
    ) async throws -> [String] {
        let query = revision.map { [("resourceVersion", $0), ("resourceVersionMatch", "Exact")] } ?? []
        let all = try await server.call(.get, path, query: query.map { (name: $0.0, value: $0.1) })
        return (all.value["items"]?.array ?? []).filter { $0["spec"]?["nodeName"]?.string == node }.map(\.name)
    }

    private static func names(_ reply: Reply) -> [String] { (reply.value["items"]?.array ?? []).map(\.name) }

    @Test(arguments: [pods, "/api/v1/namespaces/many/pods", "/api/v1/namespaces/few/pods"])
    func aListShowsWhatALookAtEverythingShows(_ path: String) async throws {
        let server = try await Self.filled()
        // Before there is an index, with it, and after changes.
        for round in 0..<3 {
            let expected = try await Self.expected(server, path, on: "n3")
            let found = try await server.call(.get, path, query: [("fieldSelector", "spec.nodeName=n3")])
            #expect(Self.names(found) == expected && !expected.isEmpty)
            let gone = try #require(expected.first)
            for namespace in ["few", "many"] {
                _ = try await server.call(
                    .delete, "/api/v1/namespaces/\(namespace)/pods/\(gone)", query: [("gracePeriodSeconds", "0")])
            }
            _ = try await server.call(.post, "/api/v1/namespaces/many/pods", Self.pod("new\(round)", node: "n3"))
        }
        let one = try await server.call(
            .get, path, query: [("fieldSelector", "spec.nodeName=n3,metadata.name=new2")])
        #expect(Self.names(one) == (path.contains("few") ? [] : ["new2"]))
        let none = try await server.call(.get, path, query: [("fieldSelector", "spec.nodeName=nowhere")])
        #expect(none.code == 200 && Self.names(none).isEmpty)
    }

    @Test func pagesComeFromTheStateOfTheFirst() async throws {
        let server = try await Self.filled()
        let expected = try await Self.expected(server, on: "n2")
        var found: [String] = []
        var query = [(name: "fieldSelector", value: "spec.nodeName=n2"), (name: "limit", value: "7")]
        var pages = 0
        while true {
            let page = try await server.call(.get, Self.pods, query: query)
            #expect(Self.names(page).count <= 7)
            found += Self.names(page)
            pages += 1
            guard let token = page.value["metadata"]?["continue"]?.string else { break }
            query = query.filter { $0.name != "continue" } + [(name: "continue", value: token)]
            let last = try #require(expected.last { !found.contains($0) })
            for namespace in ["few", "many"] {
                _ = try await server.call(
                    .delete, "/api/v1/namespaces/\(namespace)/pods/\(last)", query: [("gracePeriodSeconds", "0")])
            }
            _ = try await server.call(.post, "/api/v1/namespaces/many/pods", Self.pod("z\(pages)", node: "n2"))
        }
        #expect(found == expected)
        #expect(pages == (expected.count + 6) / 7)
    }

    @Test func anExactRevisionIsThatRevision() async throws {
        let server = try await Self.filled()
        let selector = (name: "fieldSelector", value: "spec.nodeName=n4")
        let first = try await server.call(.get, Self.pods, query: [selector])
        let revision = try #require(first.value["metadata"]?["resourceVersion"]?.string)
        _ = try await server.call(.post, "/api/v1/namespaces/many/pods", Self.pod("late", node: "n4"))
        let exact = try await server.call(
            .get, Self.pods, query: [selector, ("resourceVersion", revision), ("resourceVersionMatch", "Exact")])
        #expect(Self.names(exact) == Self.names(first))
        #expect(exact.value["metadata"]?["resourceVersion"]?.string == revision)
        for match in ["NotOlderThan", ""] {
            let newer = try await server.call(
                .get, Self.pods, query: [selector, ("resourceVersion", revision), ("resourceVersionMatch", match)])
            #expect(Self.names(newer).contains("late"))
        }
        let future = try await server.call(.get, Self.pods, query: [selector, ("resourceVersion", "999999")])
        let plain = try await server.call(.get, Self.pods, query: [("resourceVersion", "999999")])
        #expect(future.code == plain.code && future.code == 504)
    }
}
