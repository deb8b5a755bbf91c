import ClusterDNS
import Kinds
import ObjectModel
import Testing

@Suite struct DNSZoneTests {
    static func service(_ name: String, _ namespace: String, clusterIP: String) -> ServiceView {
        ServiceView([
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "clusterIP": .string(clusterIP), "clusterIPs": [.string(clusterIP)],
                "ports": [["name": "http", "port": 80, "protocol": "TCP"]],
            ],
        ])
    }

    static func slice(_ endpoints: [(String, String?, Bool)]) -> EndpointSliceView {
        EndpointSliceView([
            "addressType": "IPv4", "ports": [["name": "http", "port": 8080, "protocol": "TCP"]],
            "endpoints": .array(
                endpoints.map { address, host, ready in
                    var endpoint: Value = ["addresses": [.string(address)], "conditions": ["ready": .bool(ready)]]
                    if let host { endpoint["hostname"] = .string(host) }
                    return endpoint
                }),
        ])
    }

    static var zone: DNSZone {
        var zone = DNSZone(domain: "cluster.local")
        zone.setService(NamespacedName(namespace: "default", name: "web"), service("web", "default", clusterIP: "None"))
        zone.setSlice(
            "web-1", of: NamespacedName(namespace: "default", name: "web"),
            slice([("10.244.0.5", "web-0", true), ("10.244.0.6", "web-1", true), ("10.244.0.7", "web-2", false)]))
        zone.setService(
            NamespacedName(namespace: "kube-system", name: "kube-dns"),
            service("kube-dns", "kube-system", clusterIP: "10.96.0.10"))
        return zone
    }

    static func texts(_ name: String, _ type: DNSRecordType = .a) -> [String]? {
        zone.answer(DNSQuestion(name: DNSName(name), type: type)).map { answer in
            guard answer.code == .noError else { return ["\(answer.code)"] }
            return answer.answers.map { record in
                switch record.data {
                case .a(let address): "\(address)"
                case .ptr(let name), .cname(let name): "\(name)"
                case .srv(_, _, let port, let target): "\(port) \(target)"
                case .aaaa(let address): "\(address)"
                case .soa: "soa"
                }
            }
        }
    }

    @Test(arguments: [
        ("web-0.web.default.svc.cluster.local", ["10.244.0.5"]),
        ("WEB-0.Web.default.svc.Cluster.Local", ["10.244.0.5"]),
        ("web.default.svc.cluster.local", ["10.244.0.5", "10.244.0.6"]),
        ("web-2.web.default.svc.cluster.local", ["nameError"]),
        ("kube-dns.kube-system.svc.cluster.local", ["10.96.0.10"]),
        ("missing.default.svc.cluster.local", ["nameError"]),
        ("web.other.svc.cluster.local", ["nameError"]),
        ("default.svc.cluster.local", []),
        ("svc.cluster.local", []),
        ("10-244-0-5.default.pod.cluster.local", ["10.244.0.5"]),
        ("x.y.cluster.local", ["nameError"]),
    ])
    func namesResolve(_ name: String, _ expected: [String]) {
        #expect(Self.texts(name) == expected)
    }

    @Test func addressesHaveNames() {
        #expect(Self.texts("5.0.244.10.in-addr.arpa", .ptr) == ["web-0.web.default.svc.cluster.local."])
        #expect(Self.texts("10.0.96.10.in-addr.arpa", .ptr) == ["kube-dns.kube-system.svc.cluster.local."])
        #expect(Self.texts("1.1.1.1.in-addr.arpa", .ptr) == nil)
    }

    @Test func portsHaveTargets() {
        #expect(
            Self.texts("_http._tcp.web.default.svc.cluster.local", .srv)
                == ["8080 web-0.web.default.svc.cluster.local.", "8080 web-1.web.default.svc.cluster.local."])
        #expect(
            Self.texts("_http._tcp.kube-dns.kube-system.svc.cluster.local", .srv)
                == ["80 kube-dns.kube-system.svc.cluster.local."])
    }

    @Test func anExistingNameWithoutThatTypeIsNoError() throws {
        let answer = try #require(
            Self.zone.answer(DNSQuestion(name: DNSName("web-0.web.default.svc.cluster.local"), type: .aaaa)))
        #expect(answer.code == .noError)
        #expect(answer.answers.isEmpty)
        #expect(answer.authority.count == 1)
    }

    @Test func otherNamesAreNotOurs() {
        #expect(Self.texts("example.com") == nil)
    }

    @Test func whatGoesIsForgottenAtOnce() {
        var zone = Self.zone
        zone.setSlice("web-1", of: NamespacedName(namespace: "default", name: "web"), nil)
        let name = DNSQuestion(name: DNSName("web-0.web.default.svc.cluster.local"), type: .a)
        #expect(zone.answer(name)?.code == .nameError)
        #expect(zone.answer(DNSQuestion(name: DNSName("5.0.244.10.in-addr.arpa"), type: .ptr)) == nil)
        zone.setService(NamespacedName(namespace: "default", name: "web"), nil)
        #expect(zone.answer(DNSQuestion(name: DNSName("default.svc.cluster.local"), type: .a))?.code == .nameError)
    }
}

@Suite struct DNSMessageTests {
    /// dig's question for a.b, type A, with an EDNS0 record of 1232 bytes.
    static let packet: [UInt8] = [
        0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0x61, 1, 0x62, 0, 0, 1, 0, 1, 0, 0, 41, 0x04, 0xD0, 0, 0, 0,
        0,
        0, 0,
    ]

    @Test func aRealQuestionIsRead() throws {
        let query = try DNSQuery.parse(Self.packet)
        #expect(query.id == 0x1234)
        #expect(query.question == DNSQuestion(name: DNSName("a.b"), type: .a))
        #expect(query.payloadSize == 1232)
        #expect(query.recursionDesired)
    }

    @Test func answersAreCompressedAndEchoTheQuestion() throws {
        let query = try DNSQuery.parse(Self.packet)
        let name = query.question.name
        let address = try #require(IPv4Address("10.0.0.1"))
        let bytes = DNSAnswer(answers: [DNSRecord(name: name, ttl: 30, data: .a(address))])
            .encoded(for: query, limit: 512)
        #expect(Array(bytes[0..<12]) == [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1])
        #expect(Array(bytes[12..<21]) == [1, 0x61, 1, 0x62, 0, 0, 1, 0, 1])
        #expect(Array(bytes[21..<37]) == [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 1])
    }

    @Test func whatDoesNotFitIsTruncated() throws {
        let query = DNSQuery(id: 1, question: DNSQuestion(name: DNSName("a.b"), type: .a))
        let records = (0..<200).map {
            DNSRecord(name: query.question.name, ttl: 30, data: .a(IPv4Address(number: UInt32($0))))
        }
        let bytes = DNSAnswer(answers: records).encoded(for: query, limit: 512)
        #expect(bytes.count <= 512)
        #expect(bytes[2] & 0x02 != 0)
        #expect(DNSAnswer(answers: records).encoded(for: query, limit: 65_535).count > 512)
    }

    @Test func malformedMessagesEndInAnErrorNeverInACrash() {
        var generator = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            var packet = Self.packet
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                packet[Int.random(in: 0..<packet.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            packet.removeLast(Int.random(in: 0...packet.count, using: &generator))
            if let query = try? DNSQuery.parse(packet) { _ = DNSZoneTests.zone.answer(query.question) }
        }
        // A name that points at itself.
        #expect(throws: DNSQuery.Malformed.answered(id: 0, .formatError)) {
            try DNSQuery.parse([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1])
        }
        #expect(throws: DNSQuery.Malformed.ignored) { try DNSQuery.parse([0, 0, 0x80]) }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
