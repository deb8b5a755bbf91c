import APIProtocol
import ObjectModel
import ObjectStorage
import Synchronization
import Testing

@Suite struct WriteTests {
    @Test func createSetsWhatOnlyTheServerSets() async throws {
        let server = try TestServer()
        var object = Sample.statefulSet("web")
        object["metadata", "uid"] = "mine"
        object["metadata", "generation"] = 7
        object["metadata", "managedFields"] = [["manager": "x"]]
        object["metadata", "creationTimestamp"] = .null
        object["status"] = ["replicas": 9]
        let reply = try await server.call(.post, statefulSets, object)
        #expect(reply.code == 201)
        let metadata = reply.value["metadata"]
        #expect(metadata?["uid"] == "uid-1")
        #expect(metadata?["creationTimestamp"] == "2026-01-02T03:04:05Z")
        #expect(metadata?["namespace"] == "default")
        #expect(metadata?["generation"] == 1)
        #expect(metadata?["managedFields"] == nil)
        #expect(reply.value["status"]?["replicas"]?.int ?? 0 == 0)
        #expect(reply.value["spec"]?["podManagementPolicy"] != nil, "defaults are set")
    }

    @Test func namesAndNamespacesMustAgree() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        var foreign = Sample.configMap("b")
        foreign["metadata", "namespace"] = "other"
        var versioned = Sample.configMap("c")
        versioned["metadata", "resourceVersion"] = "5"
        let cases: [(HTTPMethod, String, Value, Int, String)] = [
            (.post, configMaps, Sample.configMap("a"), 409, "configmaps \"a\" already exists"),
            (
                .post, configMaps, foreign, 400,
                "the namespace of the provided object does not match the namespace sent on the request"
            ),
            (.post, configMaps, versioned, 500, "resourceVersion should not be set on objects to be created"),
            (
                .put, "\(configMaps)/a", Sample.configMap("b"), 400,
                "the name of the object (b) does not match the name on the URL (a)"
            ),
            (.put, "\(configMaps)/zz", Sample.configMap("zz"), 404, "configmaps \"zz\" not found"),
            (.patch, "\(configMaps)/zz", [:], 404, "configmaps \"zz\" not found"),
            (.delete, "\(configMaps)/zz", [:], 404, "configmaps \"zz\" not found"),
        ]
        for (method, path, body, code, message) in cases {
            let type = method == .patch ? PatchType.merge.rawValue : "application/json"
            let reply = try await server.call(method, path, body, headers: [("Content-Type", type)])
            #expect(reply.code == code, "\(method) \(path)")
            #expect(reply.message == message)
        }
    }

    @Test func aChangeOfNormalisationAloneIsStored() async throws {
        let server = try TestServer()
        var object = Sample.configMap("a")
        object["data", "k"] = "\u{E9}"
        _ = try await server.call(.post, configMaps, object)
        object["data", "k"] = "e\u{301}"
        _ = try await server.call(.put, "\(configMaps)/a", object)
        let stored = try await server.call(.get, "\(configMaps)/a", [:]).value["data", "k"]?.string ?? ""
        #expect(Array(stored.utf8) == Array("e\u{301}".utf8))
    }

    @Test func generatedNamesAreTriedAgain() async throws {
        let server = try TestServer()
        let body: Value = ["metadata": ["generateName": "web-"]]
        let first = try await server.call(.post, configMaps, body)
        let second = try await server.call(.post, configMaps, body)
        #expect(first.code == 201)
        #expect(second.code == 201)
        #expect(first.value.name.hasPrefix("web-"))
        #expect(first.value.name.count == 9)
        #expect(first.value.name != second.value.name)
    }

    @Test func updatesKeepTheRevisionRules() async throws {
        let server = try TestServer()
        let created = try await server.call(.post, configMaps, Sample.configMap("a", data: ["k": "1"]))
        var changed = created.value
        changed["data", "k"] = "2"
        let updated = try await server.call(.put, "\(configMaps)/a", changed)
        #expect(updated.code == 200)
        #expect(updated.value["metadata"]?["resourceVersion"] == "2")
        let stale = try await server.call(.put, "\(configMaps)/a", changed)
        #expect(stale.code == 409)
        #expect(stale.reason == "Conflict")
        #expect(
            stale.message
                == "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
                + "changes to the latest version and try again")
        let unconditional = try await server.call(.put, "\(configMaps)/a", Sample.configMap("a", data: ["k": "3"]))
        #expect(unconditional.code == 200)
        #expect(unconditional.value.uid == created.value.uid)
        changed["metadata", "resourceVersion"] = nil
        changed["metadata", "uid"] = "another"
        #expect(try await server.call(.put, "\(configMaps)/a", changed).code == 409)
    }

    @Test func anUpdateThatChangesNothingIsNotWritten() async throws {
        let server = try TestServer()
        let created = try await server.call(.post, configMaps, Sample.configMap("a", data: ["k": "1"]))
        let again = try await server.call(.put, "\(configMaps)/a", created.value)
        #expect(again.value["metadata"]?["resourceVersion"] == "1")
        let patched = try await server.call(
            .patch, "\(configMaps)/a", ["data": ["k": "1"]], headers: [("Content-Type", PatchType.merge.rawValue)])
        #expect(patched.value["metadata"]?["resourceVersion"] == "1")
        #expect(try await server.store.currentRevision() == Revision(1))
    }

    @Test func generationCountsChangesOfTheSpecAlone() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let merge = [("Content-Type", PatchType.merge.rawValue)]
        let labelled = try await server.call(
            .patch, "\(statefulSets)/web", ["metadata": ["labels": ["a": "b"]]], headers: merge)
        #expect(labelled.value["metadata"]?["generation"] == 1)
        let scaled = try await server.call(.patch, "\(statefulSets)/web", ["spec": ["replicas": 5]], headers: merge)
        #expect(scaled.value["metadata"]?["generation"] == 2)
        let status = try await server.call(
            .patch, "\(statefulSets)/web/status", ["spec": ["replicas": 1], "status": ["replicas": 2]], headers: merge)
        #expect(status.value["metadata"]?["generation"] == 2)
        #expect(status.value["spec"]?["replicas"] == 5)
        #expect(status.value["status"]?["replicas"] == 2)
        let ignored = try await server.call(
            .patch, "\(statefulSets)/web", ["status": ["replicas": 9]], headers: merge)
        #expect(ignored.value["status"]?["replicas"] == 2)
    }

    @Test func everyKindOfPatchIsApplied() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let strategic: Value = [
            "spec": [
                "template": [
                    "spec": [
                        "containers": [["name": "nginx", "image": "nginx:1.26.1"], ["name": "side", "image": "s"]]
                    ]
                ]
            ]
        ]
        let json: Value = [["op": "replace", "path": "/spec/replicas", "value": 4]]
        let failing: Value = [["op": "test", "path": "/spec/replicas", "value": 1]]
        let cases: [(String, Value, Int)] = [
            (PatchType.strategic.rawValue, strategic, 200), (PatchType.json.rawValue, json, 200),
            (PatchType.json.rawValue, failing, 422), (PatchType.apply.rawValue, Sample.statefulSet("web"), 415),
            ("application/json", json, 415), (PatchType.merge.rawValue, ["metadata": ["resourceVersion": "1"]], 409),
            (PatchType.merge.rawValue, ["spec": ["serviceName": "else"]], 422),
            (PatchType.merge.rawValue, ["metadata": ["name": "else"]], 400),
            (PatchType.merge.rawValue, ["metadata": ["uid": "else"]], 409),
        ]
        for (type, patch, code) in cases {
            let reply = try await server.call(.patch, "\(statefulSets)/web", patch, headers: [("Content-Type", type)])
            #expect(reply.code == code, "\(type) \(JSON.text(patch)): \(reply.message)")
        }
        let set = try await server.call(.get, "\(statefulSets)/web").value
        #expect(set["spec"]?["replicas"] == 4)
        let containers = try #require(set.at(["spec", "template", "spec", "containers"])?.array)
        #expect(containers.compactMap { $0["image"]?.string } == ["nginx:1.26.1", "s"])
    }

    @Test func dryRunsStoreNothing() async throws {
        let server = try TestServer()
        let dry: [(name: String, value: String)] = [("dryRun", "All")]
        let created = try await server.call(.post, configMaps, Sample.configMap("a"), query: dry)
        #expect(created.code == 201)
        #expect(created.value["metadata"]?["resourceVersion"] == nil)
        #expect(try await server.call(.get, "\(configMaps)/a").code == 404)
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        #expect(try await server.call(.post, configMaps, Sample.configMap("a"), query: dry).code == 409)
        #expect(try await server.call(.delete, "\(configMaps)/a", query: dry).code == 200)
        #expect(try await server.call(.get, "\(configMaps)/a").code == 200)
        let wrong = try await server.call(.post, configMaps, Sample.configMap("b"), query: [("dryRun", "Some")])
        #expect(wrong.code == 422)
    }

    @Test func somePutsCreate() async throws {
        let server = try TestServer()
        let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
        let lease: Value = ["metadata": ["name": "l"], "spec": ["holderIdentity": "me"]]
        let reply = try await server.call(.put, "\(leases)/l", lease)
        #expect(reply.code == 201)
        #expect(reply.value["metadata"]?["uid"] == "uid-1")
    }

    @Test func scaleIsAViewOfTheObject() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let path = "\(statefulSets)/web/scale"
        var scale = try await server.call(.get, path).value
        #expect(scale["kind"] == "Scale")
        #expect(scale["spec"]?["replicas"] == 3)
        #expect(scale["status"]?["selector"] == "app=web")
        let merge = [("Content-Type", PatchType.merge.rawValue)]
        let patched = try await server.call(.patch, path, ["spec": ["replicas": 5]], headers: merge)
        #expect(patched.value["spec"]?["replicas"] == 5)
        scale["spec", "replicas"] = 1
        #expect(try await server.call(.put, path, scale).code == 409)
        let negative = try await server.call(.patch, path, ["spec": ["replicas": -1]], headers: merge)
        #expect(negative.code == 422)
        #expect(
            negative.message
                == "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or "
                + "equal to 0")
        let set = try await server.call(.get, "\(statefulSets)/web").value
        #expect(set["spec"]?["replicas"] == 5)
        #expect(set["metadata"]?["generation"] == 2)
    }

    @Test func aScaleOfAWrongTypeChangesNothing() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let path = "\(statefulSets)/web/scale"
        let cases: [(HTTPMethod, Value, Int)] = [
            (.put, ["metadata": ["name": "web"], "spec": "5"], 400),
            (.put, ["metadata": ["name": "web"], "spec": ["replicas": "5"]], 400),
            (.put, ["metadata": ["name": "web"], "spec": ["replicas": .integer(1 << 40)]], 400),
            (.put, ["kind": "Binding", "metadata": ["name": "web"], "spec": ["replicas": 5]], 400),
            (.put, ["spec": ["replicas": 5]], 400), (.patch, ["spec": "5"], 422),
            (.patch, ["spec": ["replicas": "5"]], 422),
        ]
        for (method, body, code) in cases {
            let type = method == .put ? "application/json" : PatchType.merge.rawValue
            let reply = try await server.call(method, path, body, headers: [("Content-Type", type)])
            #expect(reply.code == code, "\(JSON.text(body)): \(reply.message)")
        }
        let unknown: Value = ["metadata": ["name": "web"], "spec": ["replicsa": 5]]
        let strict = try await server.call(.put, path, unknown, query: [("fieldValidation", "Strict")])
        #expect(strict.code == 400)
        #expect(strict.message.hasSuffix("strict decoding error: unknown field \"spec.replicsa\""))
        #expect(try await server.call(.get, path).value["spec"]?["replicas"] == 3)
    }

    @Test func admissionChangesJudgesAndHearsTheOutcome() async throws {
        let plugin = RecordingPlugin()
        let server = try TestServer(admission: [plugin])
        let created = try await server.call(.post, configMaps, Sample.configMap("a"))
        #expect(created.value.labels["admitted"] == "yes")
        #expect(created.headers["Warning"] == "299 - \"say \\\"hello\\\"\"")
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let refused = try await server.call(.post, configMaps, Sample.configMap("refused"))
        #expect(refused.code == 403)
        #expect(plugin.log.withLock { $0 } == ["a true", "a false"])
    }
}
