import APIProtocol
import ObjectModel
import ObjectStorage
import Testing

@Suite struct BadInputTests {
    @Test func bytesThatAreNoObjectAre400() async throws {
        let server = try TestServer()
        let deep = String(repeating: "[", count: 10_000)
        let cases: [(String, String, Int, String)] = [
            (
                "application/json", "{\"metadata\":", 400,
                "the object provided is unrecognized (must be of type StatefulSet): couldn't get version/kind; json parse error: "
            ),
            ("application/json", "", 400, "the object provided is unrecognized (must be of type StatefulSet): "),
            ("application/json", "[]", 400, "the object provided is unrecognized (must be of type StatefulSet): "),
            (
                "application/json", deep, 400,
                "the object provided is unrecognized (must be of type StatefulSet): couldn't get version/kind; json parse error: exceeded max depth"
            ),
            ("application/yaml", "a: [", 400, "the object provided is unrecognized (must be of type StatefulSet): "),
            ("application/yaml", deep, 400, "the object provided is unrecognized (must be of type StatefulSet): "),
            (
                "text/plain", "x", 415,
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, "
                    + "application/vnd.kubernetes.protobuf"
            ),
            (
                "application/vnd.kubernetes.protobuf", "k8s", 400,
                "the object provided is unrecognized (must be of type StatefulSet): provided data does not appear"
            ),
        ]
        for (type, body, code, message) in cases {
            let reply = try await server.call(
                .post, statefulSets, bytes: Array(body.utf8), headers: [("Content-Type", type)])
            #expect(reply.code == code, "\(type) \(body.prefix(20))")
            #expect(reply.message.hasPrefix(message), "\(reply.message)")
        }
    }

    @Test func aLongBodyIs413() async throws {
        let server = try TestServer()
        let reply = try await server.call(
            .post, configMaps, bytes: [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20))
        #expect(reply.code == 413)
        #expect(reply.reason == "RequestEntityTooLarge")
        #expect(reply.message == "Request entity too large: limit is 3145728")
    }

    @Test func noObjectGrowsWithoutEnd() async throws {
        let server = try TestServer()
        let piece = String(repeating: "x", count: 1 << 20)
        _ = try await server.call(.post, configMaps, Sample.configMap("a", data: ["k": piece]))
        let grow: Value = [["op": "add", "path": "/data/more", "value": .string(piece)]]
        let type = [("Content-Type", PatchType.json.rawValue)]
        let grown = try await server.call(.patch, "\(configMaps)/a", grow, headers: type)
        #expect(grown.code == 413)
        #expect(grown.reason == "RequestEntityTooLarge")
        #expect(grown.message == "Request entity too large: limit of an object is 1572864")
        #expect(try await server.call(.get, "\(configMaps)/a").value["data"]?.fields?.count == 1)
        let made = try await server.call(.post, configMaps, Sample.configMap("b", data: ["k": piece, "l": piece]))
        #expect(made.code == 413)
        #expect(try await server.call(.get, "\(configMaps)/b").code == 404)
    }

    @Test func whatIsTooLongBecomesShorterAndGoes() async throws {
        let server = try TestServer()
        var object = Sample.configMap("a", data: ["k": String(repeating: "x", count: 2 << 20), "l": "y"])
        for (field, text) in [("apiVersion", "v1"), ("kind", "ConfigMap")] { object[field] = .string(text) }
        for (field, text) in [
            ("namespace", "default"), ("uid", "u"), ("creationTimestamp", "2026-01-02T03:04:05Z"),
        ] { object["metadata", field] = .string(text) }
        object["metadata", "finalizers"] = ["example.com/f"]
        let key = StoreKey(GroupResource(group: "", resource: "configmaps"), namespace: "default", name: "a")
        _ = try await server.store.commit(
            StoreWrite(key: key, precondition: .absent, change: .put(EncodedObject(object))))
        let merge = [("Content-Type", PatchType.merge.rawValue)]
        let changes: [(Value, Int)] = [
            (["data": ["m": "z"]], 413), (["data": ["l": .null]], 200), (["metadata": ["finalizers": .null]], 200),
        ]
        for (change, code) in changes {
            let reply = try await server.call(.patch, "\(configMaps)/a", change, headers: merge)
            #expect(reply.code == code, "\(JSON.text(change)): \(reply.message)")
        }
        #expect(try await server.call(.delete, "\(configMaps)/a").code == 200)
        #expect(try await server.call(.get, "\(configMaps)/a").code == 404)
    }

    @Test func identityMustFitThePath() async throws {
        let server = try TestServer()
        let cases: [(Value, String)] = [
            (
                ["apiVersion": "apps/v1beta1", "kind": "StatefulSet"],
                "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)"
            ),
            (
                ["apiVersion": "apps/v1", "kind": "Deployment"],
                "Deployment in version \"v1\" cannot be handled as a StatefulSet: the kinds differ"
            ),
        ]
        for (body, message) in cases {
            let reply = try await server.call(.post, statefulSets, body)
            #expect(reply.code == 400)
            #expect(reply.message == message)
        }
    }

    @Test func unknownFieldsAreTreatedAsAsked() async throws {
        let server = try TestServer()
        var object = Sample.statefulSet("web")
        object["spec", "replicsa"] = 3
        let body = JSON.text(object).dropLast() + ",\"kind\":\"StatefulSet\"}"
        let strict = try await server.call(
            .post, statefulSets, bytes: Array(body.utf8), query: [("fieldValidation", "Strict")])
        #expect(strict.code == 400)
        #expect(strict.reason == "BadRequest")
        #expect(
            strict.message
                == "StatefulSet in version \"v1\" cannot be handled as a StatefulSet: strict decoding error: "
                + "duplicate field \"kind\", unknown field \"spec.replicsa\"")
        let warned = try await server.call(.post, statefulSets, object)
        #expect(warned.code == 201)
        #expect(warned.headers["Warning"] == #"299 - "unknown field \"spec.replicsa\"""#)
        #expect(warned.value["spec"]?["replicsa"] == nil)
        object["metadata", "name"] = "other"
        let ignored = try await server.call(.post, statefulSets, object, query: [("fieldValidation", "Ignore")])
        #expect(ignored.code == 201)
        #expect(ignored.headers["Warning"] == nil)
        let unsupported = try await server.call(.post, statefulSets, object, query: [("fieldValidation", "Maybe")])
        #expect(unsupported.code == 422)
    }

    @Test func wrongTypesAreToldWithTheirPath() async throws {
        let server = try TestServer()
        var object = Sample.statefulSet("web")
        object["spec", "replicas"] = "three"
        let reply = try await server.call(.post, statefulSets, object)
        #expect(reply.code == 400)
        #expect(
            reply.message
                == "StatefulSet in version \"v1\" cannot be handled as a StatefulSet: json: cannot unmarshal string into "
                + "Go struct field StatefulSetSpec.spec.replicas of type int32")
    }

    @Test func brokenRulesOfMetadataAre422WithEveryCause() async throws {
        let server = try TestServer()
        var object = Sample.configMap("Not_A_Name", labels: ["app": String(repeating: "x", count: 64)])
        object["metadata", "annotations"] = ["bad key": "v"]
        let reply = try await server.call(.post, configMaps, object)
        #expect(reply.code == 422)
        #expect(reply.reason == "Invalid")
        #expect(reply.value["details"]?["kind"] == "ConfigMap")
        #expect(
            reply.causes.compactMap { $0["field"]?.string }
                == ["metadata.name", "metadata.labels", "metadata.annotations"])
        #expect(reply.message.contains("must be no more than 63 characters"))
        #expect(reply.message.hasPrefix("ConfigMap \"Not_A_Name\" is invalid: [metadata.name: Invalid value"))
    }

    @Test func immutableFieldsOfMetadataStay() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let reply = try await server.call(
            .patch, "\(statefulSets)/web", ["metadata": ["deletionTimestamp": "2026-01-01T00:00:00Z"]],
            headers: [("Content-Type", PatchType.merge.rawValue)])
        #expect(reply.code == 422)
        #expect(reply.message.contains("metadata.deletionTimestamp: Invalid value: "))
        #expect(reply.message.contains("field is immutable"))
    }

    @Test func aPatchThatIsNoneIs400() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        for (type, text) in [(PatchType.merge, "[1]"), (.json, "{}"), (.strategic, "nonsense"), (.merge, "{\"a\"")] {
            let reply = try await server.call(
                .patch, "\(configMaps)/a", bytes: Array(text.utf8), headers: [("Content-Type", type.rawValue)])
            #expect(reply.code == 400, "\(type) \(text)")
        }
        let strict = try await server.call(
            .patch, "\(configMaps)/a", ["dta": ["k": "v"]], query: [("fieldValidation", "Strict")],
            headers: [("Content-Type", PatchType.merge.rawValue)])
        #expect(strict.code == 422)
        #expect(strict.message.contains("strict decoding error: unknown field \"dta\""))
    }
}
