import APIProtocol
import ObjectModel
import ObjectStorage
import Testing

@Suite struct ReadTests {
    @Test func getSplicesTheStoredBytesWithTheirRevision() async throws {
        let server = try TestServer()
        let created = try await server.call(.post, configMaps, Sample.configMap("a", data: ["k": "v"]))
        let got = try await server.call(.get, "\(configMaps)/a")
        #expect(got.code == 200)
        #expect(got.value == created.value)
        #expect(got.value["metadata"]?["resourceVersion"] == "1")
        #expect(got.headers["Content-Type"] == "application/json")
    }

    @Test func missingThingsAreToldInUpstreamsWords() async throws {
        let server = try TestServer()
        let cases: [(HTTPMethod, String, Int, String)] = [
            (.get, "\(configMaps)/x", 404, "configmaps \"x\" not found"),
            (.get, "\(statefulSets)/x", 404, "statefulsets.apps \"x\" not found"),
            (.get, "/api/v1/namespaces/default/gizmos", 404, "the server could not find the requested resource"),
            (
                .get, "/apis/apps/v1/namespaces/default/statefulsets/x/nothing", 404,
                "the server could not find the requested resource"
            ),
            (.post, "\(configMaps)/x", 405, "the server does not allow this method on the requested resource"),
            (.put, configMaps, 405, "the server does not allow this method on the requested resource"),
            (.get, "/nothing", 404, ""),
        ]
        for (method, path, code, message) in cases {
            let reply = try await server.call(method, path)
            #expect(reply.code == code, "\(method) \(path)")
            #expect(reply.message == message, "\(method) \(path)")
        }
    }

    @Test func listConcatenatesAndCarriesTheStateOfTheStore() async throws {
        let server = try await Self.filled()
        let list = try await server.call(.get, configMaps)
        #expect(list.value["kind"] == "ConfigMapList")
        #expect(list.value["items"]?.array?.map(\.name) == ["a", "b", "c", "d", "e"])
        #expect(list.value["metadata"]?["resourceVersion"] == "6")
        let empty = try await server.call(.get, statefulSets)
        #expect(empty.text.contains("\"items\":[]"))
        let everywhere = try await server.call(.get, "/api/v1/configmaps")
        #expect(everywhere.value["items"]?.array?.count == 6)
    }

    @Test func selectorsChoose() async throws {
        let server = try await Self.filled()
        let cases: [(String, String, [String])] = [
            ("labelSelector", "parity=even", ["b", "d"]), ("labelSelector", "parity!=even,first", ["a"]),
            ("labelSelector", "parity in (odd,even)", ["a", "b", "c", "d", "e"]),
            ("labelSelector", "!first", ["b", "c", "d", "e"]),
            ("fieldSelector", "metadata.name=c", ["c"]), ("fieldSelector", "metadata.name!=c", ["a", "b", "d", "e"]),
            ("fieldSelector", "metadata.namespace=other", []),
        ]
        for (parameter, selector, names) in cases {
            let list = try await server.call(.get, configMaps, query: [(parameter, selector)])
            #expect(list.value["items"]?.array?.map(\.name) == names, "\(selector)")
        }
        let unknown = try await server.call(.get, configMaps, query: [("fieldSelector", "data.k=v")])
        #expect(unknown.code == 400)
        #expect(unknown.message.contains("data.k"))
    }

    @Test func pagesOfOneListComeFromOneState() async throws {
        let server = try await Self.filled()
        let first = try await server.call(.get, configMaps, query: [("limit", "2")])
        let token = try #require(first.value["metadata"]?["continue"]?.string)
        #expect(first.value["metadata"]?["remainingItemCount"] == 3)
        _ = try await server.call(.delete, "\(configMaps)/d")
        _ = try await server.call(.post, configMaps, Sample.configMap("cc"))
        let second = try await server.call(.get, configMaps, query: [("limit", "2"), ("continue", token)])
        #expect(second.value["items"]?.array?.map(\.name) == ["c", "d"])
        #expect(second.value["metadata"]?["resourceVersion"] == first.value["metadata"]?["resourceVersion"])
        let rest = try #require(second.value["metadata"]?["continue"]?.string)
        let third = try await server.call(.get, configMaps, query: [("limit", "2"), ("continue", rest)])
        #expect(third.value["items"]?.array?.map(\.name) == ["e"])
        #expect(third.value["metadata"]?["continue"] == nil)
    }

    @Test func pagesOfASelectionEndWithIt() async throws {
        let server = try await Self.filled()
        let query: [(name: String, value: String)] = [("labelSelector", "parity=even"), ("limit", "1")]
        let first = try await server.call(.get, configMaps, query: query)
        let token = try #require(first.value["metadata"]?["continue"]?.string)
        #expect(first.value["metadata"]?["remainingItemCount"] == nil)
        let second = try await server.call(.get, configMaps, query: query + [("continue", token)])
        #expect(second.value["items"]?.array?.map(\.name) == ["d"])
    }

    @Test func anExpiredTokenIs410WithAWayToGoOn() async throws {
        let server = try await Self.filled()
        let first = try await server.call(.get, configMaps, query: [("limit", "2")])
        let token = try #require(first.value["metadata"]?["continue"]?.string)
        _ = try await server.call(.delete, "\(configMaps)/d")
        try await server.store.compact(through: Revision(7))
        let expired = try await server.call(.get, configMaps, query: [("limit", "2"), ("continue", token)])
        #expect(expired.code == 410)
        #expect(expired.reason == "Expired")
        let next = try #require(expired.value["metadata"]?["continue"]?.string)
        let rest = try await server.call(.get, configMaps, query: [("continue", next)])
        #expect(rest.value["items"]?.array?.map(\.name) == ["c", "e"])
    }

    @Test func revisionsOfListsAreChecked() async throws {
        let server = try await Self.filled()
        let cases: [([(name: String, value: String)], Int, String)] = [
            ([("resourceVersion", "0")], 200, ""), ([("resourceVersion", "3")], 200, ""),
            ([("resourceVersion", "3"), ("resourceVersionMatch", "Exact")], 200, ""),
            ([("resourceVersion", "99")], 504, "Timeout: Too large resource version: 99, current: 6"),
            ([("resourceVersion", "x")], 400, "Invalid value: \"x\": the resourceVersion is no decimal number"),
            (
                [("resourceVersionMatch", "Exact")], 422,
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is "
                    + "forbidden unless resourceVersion is provided"
            ),
            (
                [("sendInitialEvents", "true")], 422,
                "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden "
                    + "for list"
            ),
            ([("continue", "zz")], 400, "continue key is not valid: it was not made by this server"),
        ]
        for (query, code, message) in cases {
            let reply = try await server.call(.get, configMaps, query: query)
            #expect(reply.code == code, "\(query)")
            #expect(reply.message == message)
        }
        let exact = try await server.call(
            .get, configMaps, query: [("resourceVersion", "3"), ("resourceVersionMatch", "Exact")])
        #expect(exact.value["items"]?.array?.count == 3)
    }

    static func filled() async throws -> TestServer {
        let server = try TestServer()
        for (position, name) in ["a", "b", "c", "d", "e"].enumerated() {
            var labels = ["parity": position % 2 == 0 ? "odd" : "even"]
            if position == 0 { labels["first"] = "yes" }
            _ = try await server.call(.post, configMaps, Sample.configMap(name, labels: labels))
        }
        _ = try await server.call(.post, "/api/v1/namespaces/other/configmaps", Sample.configMap("z"))
        return server
    }
}
