import APIProtocol
import ObjectModel
import Testing

@Suite struct DeleteTests {
    @Test func deletingAnswersWithAStatusThatNamesTheObject() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let reply = try await server.call(.delete, "\(statefulSets)/web")
        #expect(reply.code == 200)
        #expect(
            reply.text
                == #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"web","#
                + #""group":"apps","kind":"statefulsets","uid":"uid-1"}}"#)
        #expect(try await server.call(.get, "\(statefulSets)/web").code == 404)
    }

    @Test func finalizersKeepTheObjectUntilTheLastIsGone() async throws {
        let server = try TestServer()
        var object = Sample.configMap("a")
        object["metadata", "finalizers"] = ["example.com/hold"]
        _ = try await server.call(.post, configMaps, object)
        let pending = try await server.call(.delete, "\(configMaps)/a")
        #expect(pending.value["kind"] == "ConfigMap")
        #expect(pending.value["metadata"]?["deletionTimestamp"] == "2026-01-02T03:04:05Z")
        #expect(pending.value["metadata"]?["deletionGracePeriodSeconds"] == 0)
        let merge = [("Content-Type", PatchType.merge.rawValue)]
        let added = try await server.call(
            .patch, "\(configMaps)/a", ["metadata": ["finalizers": ["example.com/hold", "example.com/more"]]],
            headers: merge)
        #expect(added.code == 422)
        #expect(added.causes.first?["field"] == "metadata.finalizers")
        let taken = try await server.call(.post, configMaps, Sample.configMap("a"))
        #expect(taken.message == "object is being deleted: configmaps \"a\" already exists")
        let released = try await server.call(
            .patch, "\(configMaps)/a", ["metadata": ["finalizers": .null]], headers: merge)
        #expect(released.code == 200)
        #expect(try await server.call(.get, "\(configMaps)/a").code == 404)
    }

    @Test func gracePeriodsRunAndMayOnlyShrink() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, pods, Sample.pod("p", node: "n1"))
        let first = try await server.call(.delete, "\(pods)/p")
        #expect(first.value["metadata"]?["deletionTimestamp"] == "2026-01-02T03:04:35Z")
        #expect(first.value["metadata"]?["deletionGracePeriodSeconds"] == 30)
        let longer = try await server.call(.delete, "\(pods)/p", ["gracePeriodSeconds": 60])
        #expect(longer.value["metadata"]?["deletionGracePeriodSeconds"] == 30)
        let shorter = try await server.call(.delete, "\(pods)/p", query: [("gracePeriodSeconds", "10")])
        #expect(shorter.value["metadata"]?["deletionTimestamp"] == "2026-01-02T03:04:15Z")
        let wrong = try await server.call(.delete, "\(pods)/p", ["preconditions": ["uid": "other"]])
        #expect(wrong.code == 409)
        let last = try await server.call(
            .delete, "\(pods)/p", ["gracePeriodSeconds": 0, "preconditions": ["uid": .string(first.value.uid)]])
        #expect(last.code == 200)
        #expect(last.value["kind"] == "Pod", "pods answer with themselves")
        #expect(try await server.call(.get, "\(pods)/p").code == 404)
    }

    @Test func aGracePeriodBeyondAllTimeEndsWithTheLastYear() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, pods, Sample.pod("p", node: "n1"))
        let first = try await server.call(.delete, "\(pods)/p", ["gracePeriodSeconds": .integer(.max)])
        #expect(first.code == 200)
        #expect(first.value["metadata"]?["deletionTimestamp"] == "9999-12-31T23:59:59Z")
        let shorter = try await server.call(.delete, "\(pods)/p", ["gracePeriodSeconds": 10])
        #expect(shorter.code == 200)
        let smallest = try await server.call(.delete, "\(pods)/p", ["gracePeriodSeconds": .integer(.min)])
        #expect(smallest.code == 200)
    }

    @Test func anUnscheduledObjectGoesAtOnce() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, pods, Sample.pod("p"))
        #expect(try await server.call(.delete, "\(pods)/p").code == 200)
        #expect(try await server.call(.get, "\(pods)/p").code == 404)
    }

    @Test func propagationBecomesAFinalizer() async throws {
        let server = try TestServer()
        for (policy, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
            _ = try await server.call(.post, statefulSets, Sample.statefulSet(policy.lowercased()))
            let reply = try await server.call(
                .delete, "\(statefulSets)/\(policy.lowercased())", ["propagationPolicy": .string(policy)])
            #expect(reply.value["metadata"]?["finalizers"] == [.string(finalizer)])
            #expect(reply.value["metadata"]?["generation"] == 2)
        }
        let wrong = try await server.call(.delete, "\(statefulSets)/orphan", ["propagationPolicy": "Never"])
        #expect(wrong.code == 422)
        #expect(
            wrong.message.hasPrefix("DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value"))
    }

    @Test func optionsThatCannotBeReadDeleteNothing() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let query = try await server.call(
            .delete, "\(statefulSets)/web", query: [("gracePeriodSeconds", "abc")])
        #expect(query.code == 400)
        #expect(query.message == "strconv.ParseInt: parsing \"abc\": invalid syntax")
        let bodies: [(Value, String)] = [
            (["gracePeriodSeconds": "0"], "DeleteOptions.gracePeriodSeconds of type int64"),
            (["preconditions": "x"], "DeleteOptions.preconditions of type v1.Preconditions"),
            (["preconditions": ["uid": 1]], "DeleteOptions.preconditions.uid of type types.UID"),
            (["propagationPolicy": 1], "DeleteOptions.propagationPolicy of type v1.DeletionPropagation"),
            (["dryRun": "All"], "DeleteOptions.dryRun of type []string"),
        ]
        for (body, end) in bodies {
            let reply = try await server.call(.delete, "\(statefulSets)/web", body)
            #expect(reply.code == 400)
            #expect(reply.message.hasSuffix("json: cannot unmarshal into Go struct field \(end)"), "\(reply.message)")
        }
        #expect(try await server.call(.get, "\(statefulSets)/web").code == 200)
        #expect(try await server.call(.delete, "\(statefulSets)/web", ["gracePeriodSeconds": .null]).code == 200)
    }

    @Test func aKindMayHoldItsObjects() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, "/api/v1/namespaces", ["metadata": ["name": "ns"]])
        let reply = try await server.call(.delete, "/api/v1/namespaces/ns")
        #expect(reply.value["status"]?["phase"] == "Terminating")
        #expect(reply.value["metadata"]?["deletionTimestamp"]?.string != nil)
        let again = try await server.call(.delete, "/api/v1/namespaces/ns")
        #expect(again.value["metadata"]?["resourceVersion"] == reply.value["metadata"]?["resourceVersion"])
    }

    @Test func aCollectionGoesAsItsSelectorSays() async throws {
        let server = try await ReadTests.filled()
        let reply = try await server.call(.delete, configMaps, query: [("labelSelector", "parity=even")])
        #expect(reply.code == 200)
        #expect(reply.value["kind"] == "ConfigMapList")
        #expect(reply.value["items"]?.array?.map(\.name) == ["b", "d"])
        let rest = try await server.call(.get, configMaps)
        #expect(rest.value["items"]?.array?.map(\.name) == ["a", "c", "e"])
    }
}
