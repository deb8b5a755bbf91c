import APIProtocol
import ObjectModel
import Synchronization
import Testing

/// Bodies of subresources are read by their types, as those of objects are.
@Suite struct SubresourceBodyTests {
    private let pods = SubresourceServer.pods
    private let accounts = "/api/v1/namespaces/default/serviceaccounts"
    private let finalize = "/api/v1/namespaces/ns/finalize"

    private func server() async throws -> SubresourceServer {
        let server = try SubresourceServer()
        try await server.makePod("p", node: nil)
        _ = try await server.call(.post, accounts, ["metadata": ["name": "sa"]])
        _ = try await server.call(.post, "/api/v1/namespaces", ["metadata": ["name": "ns"]])
        return server
    }

    @Test func valuesOfAWrongTypeDoNothing() async throws {
        let server = try await server()
        let cases: [(HTTPMethod, String, Value, String)] = [
            (
                .post, "\(pods)/p/eviction", ["metadata": ["name": "p"], "deleteOptions": ["dryRun": "All"]],
                "Eviction in version \"v1\" cannot be handled as a Eviction: json: cannot unmarshal string into Go struct "
                    + "field DeleteOptions.deleteOptions.dryRun of type []string"
            ),
            (
                .post, "\(pods)/p/eviction", ["metadata": ["name": "p"], "deleteOptions": ["gracePeriodSeconds": "5"]],
                "of type int64"
            ),
            (.post, "\(pods)/p/binding", ["target": "n1"], "of type v1.ObjectReference"),
            (.post, "\(accounts)/sa/token", ["spec": ["audiences": "vault"]], "of type []string"),
            (.post, "\(accounts)/sa/token", ["spec": ["expirationSeconds": "600"]], "of type int64"),
            (
                .put, finalize, ["metadata": ["name": "ns"], "spec": ["finalizers": "kubernetes"]],
                "field NamespaceSpec.spec.finalizers of type []string"
            ),
        ]
        for (method, path, body, message) in cases {
            let reply = try await server.call(method, path, body)
            #expect(reply.code == 400, "\(path) \(JSON.text(body))")
            #expect(reply.value["message"]?.string?.hasSuffix(message) == true, "\(JSON.text(reply.value))")
        }
        let pod = try await server.call(.get, "\(pods)/p").value
        #expect(pod["metadata", "deletionTimestamp"] == nil && pod["spec", "nodeName"] == nil)
        #expect(server.issuer.claims.withLock { $0.isEmpty })
        #expect(try await server.call(.get, "/api/v1/namespaces/ns").value["spec", "finalizers"] == ["kubernetes"])
    }

    @Test func bodiesOfOtherKindsAreRefused() async throws {
        let server = try await server()
        let other: Value = ["apiVersion": "v1", "kind": "Binding", "metadata": ["name": "p"], "target": ["name": "n1"]]
        #expect(try await server.call(.post, "\(pods)/p/eviction", other).code == 400)
        #expect(try await server.call(.post, "\(accounts)/sa/token", other).code == 400)
        #expect(try await server.call(.post, "\(pods)/p/eviction").code == 400)
        var eviction: Value = ["apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": ["name": "p"]]
        #expect(try await server.call(.post, "\(pods)/p/eviction", eviction, query: [("dryRun", "All")]).code == 201)
        eviction["apiVersion"] = "v1"
        #expect(try await server.call(.post, "\(pods)/p/eviction", eviction).code == 400)
    }

    @Test func unknownFieldsAreTreatedAsAsked() async throws {
        let server = try await server()
        let binding: Value = ["metadata": ["name": "p"], "target": ["name": "n1"], "targt": 1]
        let strict = try await server.call(
            .post, "\(pods)/p/binding", binding, query: [("fieldValidation", "Strict")])
        #expect(strict.code == 400)
        #expect(strict.value["message"]?.string?.hasSuffix("strict decoding error: unknown field \"targt\"") == true)
        let warned = try await server.send(.post, "\(pods)/p/binding", binding)
        #expect(warned.code == 201)
        #expect(warned.headers["Warning"] == #"299 - "unknown field \"targt\"""#)
    }

    @Test func aDryRunOfAnEvictionIsAskedForInEitherPlace() async throws {
        let server = try await server()
        let dry: [(name: String, value: String)] = [("dryRun", "All")]
        let cases: [(options: Value?, query: [(name: String, value: String)], code: Int)] = [
            (["dryRun": ["All"]], [], 201), (["dryRun": ["All"]], dry, 201), (nil, dry, 201),
            (["gracePeriodSeconds": 5], dry, 201), (["dryRun": ["None"]], dry, 422),
        ]
        for (options, query, code) in cases {
            var eviction: Value = ["metadata": ["name": "p"]]
            eviction["deleteOptions"] = options
            let reply = try await server.call(.post, "\(pods)/p/eviction", eviction, query: query)
            #expect(reply.code == code, "\(JSON.text(eviction)) \(query)")
        }
        let pod = try await server.call(.get, "\(pods)/p").value
        #expect(pod["metadata", "deletionTimestamp"] == nil && pod["status", "conditions"] == nil)
    }

    @Test func anEvictionNamesItsPod() async throws {
        let server = try await server()
        for metadata: Value in [["name": "q"], [:]] {
            let reply = try await server.call(.post, "\(pods)/p/eviction", ["metadata": metadata])
            #expect(reply.code == 400)
            #expect(reply.value["message"] == "name in URL does not match name in Eviction object")
        }
        #expect(try await server.call(.get, "\(pods)/p").code == 200)
    }

    @Test func anEvictionTakesTheOptionsOfADeletion() async throws {
        let server = try await server()
        for options: Value in [["propagationPolicy": "Sometimes"], ["dryRun": ["Some"]]] {
            let reply = try await server.call(
                .post, "\(pods)/p/eviction", ["metadata": ["name": "p"], "deleteOptions": options])
            #expect(reply.code == 422, "\(JSON.text(options))")
        }
        #expect(try await server.call(.get, "\(pods)/p").value["metadata", "deletionTimestamp"] == nil)
    }
}
