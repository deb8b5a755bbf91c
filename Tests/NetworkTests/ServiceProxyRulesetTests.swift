import Foundation
import Kinds
import ObjectModel
import Testing

@testable import ServiceProxy

@Suite struct ServiceProxyRulesetTests {
    static let node = ProxyNode(
        table: "ordinal_abc123", name: "n1", podRange: IPv4Range("10.244.0.0/16")!,
        nodePodRange: IPv4Range("10.244.0.0/24")!, serviceRange: IPv4Range("10.96.0.0/16")!,
        dnsAddress: IPv4Address("10.96.0.10")!)

    static func entry(
        _ name: String, _ spec: Value, ports: [Value] = [["port": 80]], _ slices: [Value]
    ) -> ServiceEndpoints {
        var object: Value = ["metadata": ["name": .string(name), "namespace": "default"], "spec": spec]
        object["spec", "ports"] = .array(ports)
        return ServiceEndpoints(
            key: NamespacedName(namespace: "default", name: name), service: ServiceView(object),
            slices: slices.map { EndpointSliceView($0) })
    }

    static func slice(_ endpoints: [Value], ports: [Value] = [["port": 8080]]) -> Value {
        ["addressType": "IPv4", "ports": .array(ports), "endpoints": .array(endpoints)]
    }

    static func endpoint(
        _ address: String, ready: Bool = true, serving: Bool? = nil, terminating: Bool = false, node: String = "n1"
    ) -> Value {
        [
            "addresses": [.string(address)], "nodeName": .string(node),
            "conditions": [
                "ready": .bool(ready), "serving": .bool(serving ?? ready), "terminating": .bool(terminating),
            ],
        ]
    }

    /// Services of every shape; the text is also what `nft -c` was tried with.
    static let services = [
        entry(
            "web", ["clusterIP": "10.96.0.20", "type": "NodePort"], ports: [["port": 80, "nodePort": 30080]],
            [slice([endpoint("10.244.0.6"), endpoint("10.244.0.5"), endpoint("10.244.0.7", ready: false)])]),
        entry(
            "sticky", ["clusterIP": "10.96.0.21", "sessionAffinity": "ClientIP"],
            ports: [["name": "a", "port": 80], ["name": "b", "port": 53, "protocol": "UDP"]],
            [
                slice(
                    [endpoint("10.244.0.8"), endpoint("10.244.0.9")],
                    ports: [["name": "a", "port": 8080], ["name": "b", "port": 5353, "protocol": "UDP"]])
            ]),
        entry(
            "local",
            [
                "clusterIP": "10.96.0.22", "type": "NodePort", "internalTrafficPolicy": "Local",
                "externalTrafficPolicy": "Local", "externalIPs": ["192.0.2.7"],
            ], ports: [["port": 443, "nodePort": 30443]],
            [slice([endpoint("10.244.0.10"), endpoint("10.244.1.10", node: "n2")])]),
        entry(
            "elsewhere", ["clusterIP": "10.96.0.23", "internalTrafficPolicy": "Local"],
            [slice([endpoint("10.244.1.11", node: "n2")])]),
        entry("empty", ["clusterIP": "10.96.0.24"], []),
        entry("headless", ["clusterIP": "None"], [slice([endpoint("10.244.0.12")])]),
        entry("alias", ["type": "ExternalName", "externalName": "example.com"], []),
    ]

    @Test func everyShapeOfServiceHasItsRules() throws {
        try Self.compare(ruleset(for: Self.services.shuffled(), on: Self.node), with: "service-rules.nft")
    }

    @Test func noServicesStillMasqueradePodsAndRejectTheRange() throws {
        try Self.compare(ruleset(for: [], on: Self.node), with: "service-rules-empty.nft")
    }

    @Test(arguments: [
        ("ready ones only", [endpoint("10.244.0.5"), endpoint("10.244.0.6", ready: false)], ["10.244.0.5"]),
        (
            "serving ones that terminate when none is ready",
            [
                endpoint("10.244.0.5", ready: false, serving: true, terminating: true),
                endpoint("10.244.0.6", ready: false, serving: false, terminating: true),
            ], ["10.244.0.5"]
        ),
        (
            "not the terminating ones while one is ready",
            [endpoint("10.244.0.5", ready: false, serving: true, terminating: true), endpoint("10.244.0.6")],
            ["10.244.0.6"]
        ),
        ("each once", [endpoint("10.244.0.5"), endpoint("10.244.0.5")], ["10.244.0.5"]),
        ("nothing that is no address", [endpoint("10.244.0.5; flush ruleset"), endpoint("fd00::1")], []),
    ])
    func backendsAre(_ which: String, endpoints: [Value], expected: [String]) throws {
        let entry = Self.entry("web", ["clusterIP": "10.96.0.20"], [Self.slice(endpoints)])
        let port = try #require(ServicePort.all([entry], node: "n1").first)
        let backends = expected.map { Backend(address: IPv4Address($0)!, port: 8080) }
        let target: ServicePort.Target = backends.isEmpty ? .reject : .backends(backends)
        #expect(port.inside == target, "\(which)")
    }

    @Test func aPortOrAddressTakenTwiceLeadsToTheFirst() {
        let first = Self.entry("a", ["clusterIP": "10.96.0.20"], [Self.slice([Self.endpoint("10.244.0.5")])])
        let second = Self.entry("b", ["clusterIP": "10.96.0.20"], [Self.slice([Self.endpoint("10.244.0.6")])])
        let text = ruleset(for: [second, first], on: Self.node)
        #expect(text.components(separatedBy: "10.96.0.20 . tcp . 80 :").count == 2)
        #expect(text.contains("10.96.0.20 . tcp . 80 : goto svc-default/a/tcp/80"))
    }

    /// Compares with a file in Tests/Golden; with ORDINAL_GOLDEN=write in the environment it writes the file instead.
    private static func compare(_ text: String, with name: String, file: String = #filePath) throws {
        let path = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["ORDINAL_GOLDEN"] == "write" {
            try text.write(to: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOf: path, encoding: .utf8)
        #expect(text == expected, "\(name) differs; `make golden` writes it anew")
    }
}
