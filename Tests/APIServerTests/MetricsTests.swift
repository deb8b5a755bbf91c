import APIProtocol
import APIServer
import MetricsExposition
import ObjectModel
import Testing

/// What the server measures of requests, by kube-apiserver's names.
@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
    private let registry = MetricsRegistry()

    private func makeServer() throws -> TestServer {
        try TestServer { parts in
            parts.metrics = registry
            parts.metricsPage = MetricsPage(contentType: MetricsRegistry.contentType) { [registry] in registry.text() }
        }
    }

    private func lines(_ name: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { $0.hasPrefix(name + "{") }
    }

    @Test func requestsAreCountedByWhatTheyAskFor() async throws {
        let server = try makeServer()
        let object: Value = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]]
        _ = try await server.call(.post, configMaps, object, query: [("dryRun", "All")])
        _ = try await server.call(.post, configMaps, object)
        _ = try await server.call(.post, configMaps, object)
        _ = try await server.call(.get, "\(configMaps)/a")
        _ = try await server.call(.get, "/api/v1/configmaps")
        _ = try await server.call(.delete, configMaps)
        _ = try await server.call(.get, "/livez/ping")
        func line(_ verb: String, _ code: Int, _ scope: String, dryRun: String = "") -> String {
            "apiserver_request_total{code=\"\(code)\",component=\"apiserver\",dry_run=\"\(dryRun)\",group=\"\","
                + "resource=\"configmaps\",scope=\"\(scope)\",subresource=\"\",verb=\"\(verb)\",version=\"v1\"} 1"
        }
        let counted = lines("apiserver_request_total")
        #expect(counted.contains(line("POST", 201, "resource", dryRun: "All")))
        #expect(counted.contains(line("POST", 201, "resource")))
        #expect(counted.contains(line("POST", 409, "resource")))
        #expect(counted.contains(line("GET", 200, "resource")))
        #expect(counted.contains(line("LIST", 200, "cluster")))
        #expect(counted.contains(line("DELETE", 200, "namespace")))
        #expect(counted.contains { $0.contains("subresource=\"/livez/ping\"") && $0.contains("code=\"200\"") })
        #expect(counted.count == 7)
        let timed = lines("apiserver_request_duration_seconds_count")
        #expect(timed.contains { $0.contains("verb=\"POST\"") && $0.contains("dry_run=\"\"") && $0.hasSuffix("} 2") })
    }

    @Test func whatClientsMakeUpMakesNoSeries() async throws {
        let server = try makeServer()
        let paths = [
            "/api/v1/namespaces/d/widgets/a", "/apis/x/v1/y", "\(configMaps)/a/nothing", "/nowhere", "/livez/made-up",
            "/readyz/ping/more",
        ]
        for path in paths { #expect(try await server.call(.get, path).code == 404) }
        _ = try await server.call(.post, "/livez/ping")
        #expect(lines("apiserver_request_total") == [])
    }

    @Test func watchesAreCountedWhileTheyGoOn() async throws {
        let server = try makeServer()
        func running() -> [String] { lines("apiserver_longrunning_requests").map { String($0.suffix(3)) } }
        do {
            let watch = try await server.watch(configMaps)
            #expect(running() == ["} 1"])
            withExtendedLifetime(watch) {}
        }
        #expect(running() == ["} 0"])
        #expect(lines("apiserver_longrunning_requests")[0].contains("resource=\"configmaps\",scope=\"namespace\""))
    }

    @Test func whatIsSoNowIsAskedForAScrape() async throws {
        let server = try makeServer()
        for name in ["a", "b"] {
            _ = try await server.call(
                .post, configMaps, ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]])
        }
        await server.server.publishMetrics()
        #expect(
            lines("apiserver_resource_objects").contains(
                "apiserver_resource_objects{group=\"\",resource=\"configmaps\"} 2"))
        #expect(
            lines("apiserver_current_inflight_requests").sorted() == [
                "apiserver_current_inflight_requests{request_kind=\"mutating\"} 0",
                "apiserver_current_inflight_requests{request_kind=\"readOnly\"} 0",
            ])
    }

    @Test func thePageIsTextOfPrometheus() async throws {
        let server = try makeServer()
        _ = try await server.call(.get, "/livez")
        let response = try await server.server.send(APIRequest(.get, "/metrics", credentials: TestServer.admin))
        #expect(response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        guard case .bytes(let bytes) = response.body else {
            Issue.record("no text")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("# TYPE apiserver_"))
        #expect(try await TestServer().call(.get, "/metrics").code == 404)
    }
}
