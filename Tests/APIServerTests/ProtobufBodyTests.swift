import APIProtocol
import ObjectModel
import Schema
import Testing

@Suite struct ProtobufBodyTests {
    private static let header = ("Content-Type", "application/vnd.kubernetes.protobuf")

    private static func body(_ apiVersion: String, _ kind: String, _ raw: [UInt8]) -> [UInt8] {
        let type = field(1, Array(apiVersion.utf8)) + field(2, Array(kind.utf8))
        return Array("k8s\0".utf8) + field(1, type) + field(2, raw) + field(3, []) + field(4, [])
    }

    private static func field(_ number: UInt8, _ data: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(data.count)] + data
    }

    private static func metadata(_ name: String) -> [UInt8] {
        field(1, field(1, Array(name.utf8)) + field(2, []) + [56, 0] + field(8, []))
    }

    @Test func objectsOptionsAndScalesAreReadAndJSONIsAnswered() async throws {
        let server = try TestServer()
        let entry = Self.field(2, Self.field(1, Array("k".utf8)) + Self.field(2, Array("v".utf8)))
        let created = try await server.call(
            .post, configMaps, bytes: Self.body("v1", "ConfigMap", Self.metadata("a") + entry),
            query: [("fieldValidation", "Strict")], headers: [Self.header])
        #expect(created.code == 201)
        #expect(created.value["data"] == ["k": "v"])
        #expect(created.headers["Content-Type"] == "application/json")

        let options = Self.body("v1", "DeleteOptions", Self.field(2, Self.field(1, Array("other".utf8))))
        let kept = try await server.call(.delete, "\(configMaps)/a", bytes: options, headers: [Self.header])
        #expect(kept.code == 409)

        _ = try await server.call(.post, statefulSets, Sample.statefulSet("web"))
        let scale = Self.body("autoscaling/v1", "Scale", Self.metadata("web") + Self.field(2, [8, 5]))
        let scaled = try await server.call(.put, "\(statefulSets)/web/scale", bytes: scale, headers: [Self.header])
        #expect(scaled.code == 200)
        #expect(scaled.value["spec"]?["replicas"] == 5)
    }

    @Test func bodiesThatCannotBeReadAreRefused() async throws {
        let server = try TestServer()
        let cases: [([UInt8], Int, String)] = [
            (
                Self.body("v1", "ConfigMap", [10, 90]), 400,
                "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: unexpected EOF"
            ),
            (Self.body("v1", "Pod", Self.metadata("a")), 400, "Pod in version \"v1\" cannot be handled as a ConfigMap"),
            (
                Self.body("example.com/v1", "Widget", []), 415,
                "the body of the request was in an unknown format - accepted media types include: application/json, "
                    + "application/yaml"
            ),
        ]
        for (body, code, message) in cases {
            let reply = try await server.call(.post, configMaps, bytes: body, headers: [Self.header])
            #expect(reply.code == code)
            #expect(reply.message.hasPrefix(message), "\(reply.message)")
        }
    }
}
