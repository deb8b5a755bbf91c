import APIProtocol
import BuiltinAPI
import ObjectModel
import Synchronization
import Testing

@Suite struct SubresourceTests {
    private let pods = SubresourceServer.pods

    @Test func bindingAssignsAPodOnce() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p", node: nil)
        let binding: Value = ["metadata": ["name": "p"], "target": ["kind": "Node", "name": "n1"]]
        let bound = try await server.call(.post, "\(pods)/p/binding", binding)
        #expect(bound.code == 201)
        #expect(bound.value["status"] == "Success")
        let pod = try await server.call(.get, "\(pods)/p").value
        #expect(pod["spec"]?["nodeName"] == "n1")
        let condition = pod["status"]?["conditions"]?.array?.first
        #expect(condition?["type"] == "PodScheduled")
        #expect(condition?["status"] == "True")
        #expect(condition?["lastTransitionTime"] == "2026-01-02T03:04:05Z")
        let again = try await server.call(.post, "\(pods)/p/binding", binding)
        #expect(again.code == 409)
        #expect(
            again.value["message"]
                == "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n1\"")
    }

    @Test func bindingsThatMakeNoSenseAreRefused() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p", node: nil)
        let cases: [(String, Value, Int)] = [
            ("p", ["target": ["kind": "Node"]], 422), ("p", ["target": ["kind": "Pod", "name": "x"]], 422),
            ("p", ["metadata": ["name": "q"], "target": ["name": "n1"]], 400),
            ("p", ["metadata": ["uid": "other"], "target": ["name": "n1"]], 409),
            ("missing", ["target": ["name": "n1"]], 404),
        ]
        for (name, body, code) in cases {
            #expect(try await server.call(.post, "\(pods)/\(name)/binding", body).code == code, "\(JSON.text(body))")
        }
    }

    @Test func evictionMarksAndDeletes() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let eviction: Value = ["metadata": ["name": "p"], "deleteOptions": ["gracePeriodSeconds": 5]]
        let reply = try await server.call(.post, "\(pods)/p/eviction", eviction)
        #expect(reply.code == 201)
        let pod = try await server.call(.get, "\(pods)/p").value
        #expect(pod["metadata"]?["deletionTimestamp"] == "2026-01-02T03:04:10Z")
        #expect(pod["status"]?["conditions"]?.array?.last?["reason"] == "EvictionByEvictionAPI")
    }

    @Test func finalizeEndsANamespace() async throws {
        let server = try SubresourceServer()
        _ = try await server.call(.post, "/api/v1/namespaces", ["metadata": ["name": "ns"]])
        var namespace = try await server.call(.delete, "/api/v1/namespaces/ns").value
        #expect(namespace["spec"]?["finalizers"] == ["kubernetes"])
        namespace["spec"] = [:]
        let reply = try await server.call(.put, "/api/v1/namespaces/ns/finalize", namespace)
        #expect(reply.code == 200, "\(JSON.text(reply.value))")
        #expect(try await server.call(.get, "/api/v1/namespaces/ns").code == 404)
    }

    @Test func logsAskTheNode() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, "\(pods)/p/log",
            query: [
                ("follow", "true"), ("tailLines", "10"), ("limitBytes", "100"), ("timestamps", "1"),
                ("sinceSeconds", "5"),
            ])
        #expect(response.code == 200)
        #expect(response.headers["Content-Type"] == "text/plain")
        guard case .stream(let stream) = response.body else {
            Issue.record("no stream")
            return
        }
        #expect(try await stream.collect() == Array("line\n".utf8))
        var wanted = LogRequest(pod: NamespacedName(namespace: "default", name: "p"), podUID: "uid-1", container: "c")
        wanted.follow = true
        wanted.timestamps = true
        wanted.tailLines = 10
        wanted.limitBytes = 100
        wanted.since = Timestamp("2026-01-02T03:04:00Z")
        #expect(server.node.logRequests.withLock { $0 } == [wanted])
    }

    @Test func logsOfWhatIsNotThereAreRefused() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p", containers: ["a", "b"])
        try await server.makePod("elsewhere", node: "n9")
        try await server.makePod("waiting", node: nil)
        let cases: [(String, [(name: String, value: String)], Int, String)] = [
            ("p", [], 400, "a container name must be specified for pod p, choose one of: [a b]"),
            ("p", [("container", "x")], 400, "container x is not valid for pod p"),
            (
                "p", [("container", "a"), ("previous", "true")], 400,
                "previous terminated container \"c\" in pod \"p\" not found"
            ),
            (
                "p", [("tailLines", "-1")], 422,
                "PodLogOptions \"p\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0"
            ),
            ("p", [("tailLines", "x")], 400, "strconv.ParseInt: parsing \"x\": invalid syntax"),
            (
                "p", [("container", "a"), ("sinceSeconds", "-5")], 422,
                "PodLogOptions \"p\" is invalid: sinceSeconds: Invalid value: -5: must be greater than 0"
            ),
            (
                "p", [("tailLines", "-9223372036854775808")], 400,
                "strconv.ParseInt: parsing \"-9223372036854775808\": invalid syntax"
            ),
            (
                "p", [("sinceSeconds", "9223372036854775807")], 400,
                "strconv.ParseInt: parsing \"9223372036854775807\": invalid syntax"
            ),
            ("elsewhere", [], 503, "node \"n9\" is not connected"), ("missing", [], 404, "pods \"missing\" not found"),
        ]
        for (name, query, code, message) in cases {
            let reply = try await server.call(.get, "\(pods)/\(name)/log", query: query)
            #expect(reply.code == code, "\(name) \(query)")
            #expect(reply.value["message"]?.string == message)
        }
        #expect(try await server.call(.get, "\(pods)/waiting/log").code == 200)
    }

    @Test func theStatusOfAPodLeavesItsOwnersAlone() async throws {
        let server = try SubresourceServer()
        let path = "\(SubresourceServer.pods)/p"
        try await server.makePod("p")
        let owner: Value = ["apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u"]
        let merge = [("Content-Type", PatchType.merge.rawValue)]
        _ = try await server.call(.patch, path, ["metadata": ["ownerReferences": [owner]]], headers: merge)
        let changes: Value = [
            "metadata": ["ownerReferences": .null, "labels": ["a": "b"]],
            "status": ["phase": "Running", "qosClass": .null],
        ]
        let reply = try await server.call(.patch, "\(path)/status", changes, headers: merge)
        #expect(reply.code == 200)
        #expect(reply.value["metadata"]?["ownerReferences"] == [owner])
        #expect(reply.value["metadata"]?["labels"]?["a"] == "b")
        #expect(reply.value["status"]?["phase"] == "Running")
        #expect(reply.value["status"]?["qosClass"] == "BestEffort")
    }

    @Test func tokensAreSignedForTheAccountAndItsPod() async throws {
        let server = try SubresourceServer()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        _ = try await server.call(.post, accounts, ["metadata": ["name": "sa"]])
        try await server.makePod("p")
        let request: Value = [
            "spec": [
                "audiences": ["vault"], "expirationSeconds": 600,
                "boundObjectRef": ["kind": "Pod", "apiVersion": "v1", "name": "p"],
            ]
        ]
        let reply = try await server.call(.post, "\(accounts)/sa/token", request)
        #expect(reply.code == 201)
        #expect(reply.value["status"]?["token"] == "signed")
        #expect(reply.value["status"]?["expirationTimestamp"] == "2026-01-02T03:14:05Z")
        let claims = try #require(server.issuer.claims.withLock { $0.first })
        #expect(claims.name == "sa")
        #expect(claims.audiences == ["vault"])
        #expect(claims.boundObject?.kind == "Pod")
        #expect(claims.boundObject?.uid == "uid-2")
        #expect(claims.nodeName == "n1")
        let plain = try await server.call(.post, "\(accounts)/sa/token", ["spec": [:]])
        #expect(plain.value["spec"]?["audiences"] == ["https://kubernetes.default.svc"])
        #expect(plain.value["spec"]?["expirationSeconds"] == 3600)
        let cases: [(String, Value, Int)] = [
            ("sa", ["spec": ["expirationSeconds": 5]], 422), ("sa", ["metadata": ["name": "x"]], 422),
            ("sa", ["spec": ["boundObjectRef": ["kind": "Pod", "name": "none"]]], 404),
            ("sa", ["spec": ["boundObjectRef": ["kind": "Lease", "name": "none"]]], 400), ("none", [:], 404),
        ]
        for (name, body, code) in cases {
            #expect(try await server.call(.post, "\(accounts)/\(name)/token", body).code == code)
        }
    }

    @Test func onlyTheClustersOwnPartsAndMastersAct() async throws {
        let server = try SubresourceServer()
        let user = UserInfo(name: "someone", groups: ["developers"])
        let node = UserInfo(name: "system:node:n1", groups: ["system:nodes"])
        let controller = UserInfo(name: "controller", groups: [GroupAuthorizer.controllersGroup])
        let cases: [(UserInfo, String, Int)] = [
            (user, pods, 403), (user, "/version", 200), (user, "/apis", 200), (user, "/readyz", 200),
            (user, "/metrics", 403), (node, pods, 200), (controller, pods, 200), (.anonymous, "/healthz", 200),
            (.anonymous, pods, 403),
        ]
        for (user, path, code) in cases {
            #expect(try await server.send(.get, path, user: user).code == code, "\(user.name) \(path)")
        }
    }
}
