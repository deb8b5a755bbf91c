import ObjectModel
import Schema
import Testing

/// Writes protobuf by hand.
private struct Message {
    var bytes: [UInt8] = []

    static func varint(_ number: UInt64) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    func number(_ field: UInt64, _ value: Int64) -> Message {
        Message(bytes: bytes + Self.varint(field << 3) + Self.varint(UInt64(bitPattern: value)))
    }

    func data(_ field: UInt64, _ data: [UInt8]) -> Message {
        Message(bytes: bytes + Self.varint(field << 3 | 2) + Self.varint(UInt64(data.count)) + data)
    }

    func text(_ field: UInt64, _ text: String) -> Message { data(field, Array(text.utf8)) }

    func message(_ field: UInt64, _ inner: Message) -> Message { data(field, inner.bytes) }

    func entry(_ field: UInt64, _ key: String, _ value: [UInt8]) -> Message {
        message(field, Message().text(1, key).data(2, value))
    }

    func body(_ apiVersion: String, _ kind: String) -> [UInt8] {
        ProtobufDecoder.prefix
            + Message().message(1, Message().text(1, apiVersion).text(2, kind)).data(2, bytes).bytes
    }
}

@Suite struct ProtobufTests {
    private func decoder() throws -> ProtobufDecoder { ProtobufDecoder(try #require(Fixture.catalog).protobuf) }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    /// Bodies that kubectl 1.32 sent for its `create` generators.
    static let captured: [(body: String, object: String)] = [
        (
            "6b3873000a0f0a02763112094e616d65737061636512190a110a017812001a0022002a0032003800420012001a020a001a002200",
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x"}}"#
        ),
        (
            "6b3873000a0f0a0276311209436f6e6669674d617012230a120a016312001a017822002a0032003800420012060a01611201621205"
                + "0a017a12001a002200",
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"x"},"data":{"a":"b","z":""}}"#
        ),
        (
            "6b3873000a0c0a027631120653656372657412220a120a017312001a017822002a00320038004200120a0a0170120568656c6c6f1a"
                + "001a002200",
            #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"x"},"data":{"p":"aGVsbG8="}}"#
        ),
        (
            "6b3873000a140a027631120e536572766963654163636f756e7412180a160a05726f626f7412001a017822002a0032003800420"
                + "01a002200",
            #"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"robot","namespace":"x"}}"#
        ),
        (
            "6b3873000a0d0a027631120753657276696365128a010a200a0377656212001a017822002a003200380042005a0a0a036170701203"
                + "776562"
                + "12620a1b0a0738302d38303830120354435018502207080010903f1a0028000a1e0a0739302d6e616d651203544350185a22"
                + "0a080110001a046e616d652800120a0a0361707012037765621a002209436c757374657249503a00420052005a0060006800"
                + "1a020a001a002200",
            #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"x","labels":{"app":"web"}},"#
                + #""spec":{"ports":[{"name":"80-8080","protocol":"TCP","port":80,"targetPort":8080},"#
                + #"{"name":"90-name","protocol":"TCP","port":90,"targetPort":"name"}],"#
                + #""selector":{"app":"web"},"type":"ClusterIP"}}"#
        ),
        (
            "6b3873000a280a1861757468656e7469636174696f6e2e6b38732e696f2f7631120c546f6b656e5265717565737412200a100a0012"
                + "001a0022002a0032003800420012060a016120901c1a040a0012001a002200",
            #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","#
                + #""spec":{"audiences":["a"],"expirationSeconds":3600}}"#
        ),
    ]

    @Test(arguments: captured) func bodiesOfKubectlAreRead(body: String, object: String) throws {
        #expect(try decoder().decode(Self.bytes(body)) == json(object))
    }

    @Test func emptyValuesOfPointersStay() throws {
        let template = Message().message(
            2,
            Message().message(
                1,
                Message().text(1, "scratch")
                    .message(2, Message().message(2, Message()))))
        let spec = Message().number(1, 0).message(3, template).number(8, -1)
        let body = Message().message(1, Message().text(1, "web")).message(2, spec).body("apps/v1", "StatefulSet")
        let object = try decoder().decode(body)
        #expect(object["spec"]?["replicas"] == 0)
        #expect(object["spec"]?["revisionHistoryLimit"] == -1)
        #expect(try object["spec"]?["template"] == json(#"{"spec":{"volumes":[{"name":"scratch","emptyDir":{}}]}}"#))
    }

    @Test func messagesThatAreNoObjectsBecomeTheirJSON() throws {
        let time = Message().number(1, 1_700_000_000)
        let lease = Message().text(1, "me").message(3, Message().number(1, 1_700_000_000).number(2, 5_000))
        let limits = Message().entry(1, "cpu", Message().text(1, "500m").bytes)
        let probe = Message().message(
            1,
            Message().message(
                2,
                Message().text(1, "/")
                    .message(2, Message().number(1, 1).text(3, "http")))
        ).number(3, 0).number(7, 0)
        let container = Message().text(1, "main").message(8, limits).message(10, probe)
        let pod = try decoder().decode(
            Message().message(1, Message().message(8, time)).message(2, Message().message(2, container))
                .body("v1", "Pod"))
        #expect(pod["metadata"]?["creationTimestamp"] == "2023-11-14T22:13:20Z")
        #expect(
            try pod["spec"]?["containers"]?.array?.first
                == json(
                    #"{"name":"main","resources":{"limits":{"cpu":"500m"}},"livenessProbe":{"httpGet":{"path":"/","#
                        + #""port":"http"},"terminationGracePeriodSeconds":0}}"#))
        let renewal = try decoder().decode(Message().message(2, lease).body("coordination.k8s.io/v1", "Lease"))
        #expect(renewal["spec"]?["acquireTime"] == "2023-11-14T22:13:20.000005Z")
        let revision = try decoder().decode(
            Message().message(2, Message().text(1, #"{"spec":{}}"#)).number(3, 7)
                .body("apps/v1", "ControllerRevision"))
        #expect(try revision["data"] == json(#"{"spec":{}}"#))
        #expect(revision["revision"] == 7)
    }

    @Test func rawJSONNestsAsDeepAsABodyMay() throws {
        func body(_ depth: Int) -> [UInt8] {
            let raw = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return Message().message(2, Message().text(1, raw)).body("apps/v1", "ControllerRevision")
        }
        #expect(try decoder().decode(body(JSON.maximumBodyDepth - 2))["data"]?.array?.count == 1)
        #expect(throws: ProtobufDecoder.Failure.self) { try decoder().decode(body(JSON.maximumBodyDepth)) }
    }

    @Test func unknownFieldsAreSkipped() throws {
        let group = Message(bytes: [0xFB, 0x07, 0x08, 0x01, 0xFC, 0x07])
        let body = Message(bytes: group.bytes).number(900, 3).text(901, "x").message(1, Message().text(1, "a"))
            .body("v1", "ConfigMap")
        #expect(try decoder().decode(body)["metadata"] == ["name": "a"])
    }

    @Test func bytesThatAreNoObjectAreRefused() throws {
        let map = GroupVersionKind(group: "", version: "v1", kind: "ConfigMap")
        let widget = GroupVersionKind(group: "example.com", version: "v1", kind: "Widget")
        let cases: [([UInt8], ProtobufDecoder.Failure)] = [
            ([], .unrecognized("empty data")),
            (
                Array("{}".utf8),
                .unrecognized("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
            ),
            (ProtobufDecoder.prefix, .unrecognized("empty body")),
            (ProtobufDecoder.prefix + [0x0A, 0x7F], .unrecognized("unexpected EOF")),
            (Message().body("v1", ""), .unrecognized("Object 'Kind' is missing")),
            (Message().body("example.com/v1", "Widget"), .unknownKind(widget)),
            (
                Message().number(1, 1).body("v1", "ConfigMap"),
                .malformed(map, "proto: wrong wireType = 0 for field metadata")
            ),
            (Message(bytes: [0x0A, 0x05]).body("v1", "ConfigMap"), .malformed(map, "unexpected EOF")),
            (Message(bytes: [0x0F]).body("v1", "ConfigMap"), .malformed(map, "proto: illegal wireType 7")),
            (
                Message(bytes: [0x0C]).body("v1", "ConfigMap"),
                .malformed(map, "proto: ConfigMap: wiretype end group for non-group")
            ),
            (
                Message(bytes: [0x0A] + [UInt8](repeating: 0xFF, count: 10)).body("v1", "ConfigMap"),
                .malformed(map, "proto: integer overflow")
            ),
            (
                Message().message(1, Message().message(8, Message().number(1, .max))).body("v1", "ConfigMap"),
                .malformed(map, "the time 9223372036854775807 seconds after 1970 is out of range")
            ),
        ]
        let decoder = try decoder()
        for (body, failure) in cases {
            #expect(throws: failure) { try decoder.decode(body) }
        }
    }

    @Test func damagedBodiesNeverCrash() throws {
        let decoder = try decoder()
        var state: UInt64 = 20_261_121
        func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        var decoded = 0
        for round in 0..<20_000 {
            var body = Self.bytes(Self.captured[round % Self.captured.count].body)
            for _ in 0...below(4) {
                let position = 4 + below(body.count - 4)
                switch below(3) {
                case 0: body[position] = UInt8(below(256))
                case 1: body.remove(at: position)
                default: body.insert(UInt8(below(256)), at: position)
                }
            }
            if (try? decoder.decode(body)) != nil { decoded += 1 }
        }
        #expect((1..<20_000).contains(decoded))
    }

    @Test func longListsAreReadInLinearTime() throws {
        var map = Message().message(1, Message().text(1, "a"))
        var bytes = map.bytes
        for key in 0..<100_000 { bytes += Message().entry(2, "k\(key)", []).bytes }
        map.bytes = bytes
        #expect(try decoder().decode(map.body("v1", "ConfigMap"))["data"]?.fields?.count == 100_000)
    }
}
