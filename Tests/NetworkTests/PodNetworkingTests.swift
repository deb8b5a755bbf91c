import ObjectModel
import PodNetworking
import Testing

@Suite struct PodNetworkingTests {
    static func settings(
        id: String = "a", pods: String = "10.244.0.0/24", services: String = "10.96.0.0/16"
    ) throws -> PodNetworkSettings {
        PodNetworkSettings(
            names: InstanceNames(dataDirID: id), nodePodRange: try #require(IPv4Range(pods)),
            serviceRange: try #require(IPv4Range(services)), cniConfigurationDirectory: "/base/cni/net.d",
            cniAddressDirectory: "/base/state/cni")
    }

    @Test func namesAreShortAndDifferPerInstance() {
        let first = InstanceNames(dataDirID: "0f0e9e0c-6a2f-4f7e-8d6a-1de5c9c4b0a1")
        let second = InstanceNames(dataDirID: "0f0e9e0c-6a2f-4f7e-8d6a-1de5c9c4b0a2")
        #expect(first.bridge.utf8.count <= 15)
        #expect(first.shortID.count == 6)
        #expect(first != second)
        #expect(first == InstanceNames(dataDirID: "0f0e9e0c-6a2f-4f7e-8d6a-1de5c9c4b0a1"))
        #expect(first.nftTable.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    @Test func addressesFollowFromTheRanges() throws {
        let settings = try Self.settings(pods: "10.20.3.0/24", services: "10.99.0.0/20")
        #expect(settings.gateway.description == "10.20.3.1")
        #expect(settings.dnsAddress.description == "10.99.0.10")
        #expect(settings.problem == nil)
    }

    @Test(arguments: [
        ("10.244.0.0/31", "10.96.0.0/16", "no room for a pod"),
        ("10.244.0.0/24", "10.96.0.0/30", "no room for its DNS address"),
        ("10.96.4.0/24", "10.96.0.0/16", "overlap"),
    ])
    func rangesThatCannotWorkAreNamed(pods: String, services: String, reason: String) throws {
        let problem = try #require(Self.settings(pods: pods, services: services).problem)
        #expect(problem.contains(reason))
    }

    @Test func theBridgeIsMadeOnceWithItsHardwareAddress() throws {
        let plan = LinkPlan(try Self.settings())
        let bridge = InstanceNames(dataDirID: "a").bridge
        let made = plan.setUpLines(bridgeExists: false).first
        #expect(made == "link add \(bridge) address 02:00:0a:f4:00:01 type bridge")
        #expect(
            plan.setUpLines(bridgeExists: true) == [
                "addr replace 10.244.0.1/24 dev \(bridge)", "link set \(bridge) up",
                "addr replace 10.96.0.10/32 dev lo", "route replace 10.96.0.0/16 dev \(bridge)",
            ])
    }

    @Test func rangesOfOtherInterfacesAreConflictsOursAreNot() throws {
        let plan = LinkPlan(try Self.settings())
        let bridge = InstanceNames(dataDirID: "a").bridge
        let ours = """
            1: lo    inet 127.0.0.1/8 scope host lo\\ valid_lft forever
            1: lo    inet 10.96.0.10/32 scope global lo\\ valid_lft forever
            2: eth0    inet 192.168.1.5/24 brd 192.168.1.255 scope global eth0
            3: \(bridge)    inet 10.244.0.1/24 scope global \(bridge)
            """
        #expect(plan.conflict(inAddresses: ours, bridgeExists: true) == nil)
        let other = ours + "\n4: ord-other    inet 10.244.0.1/24 scope global ord-other"
        #expect(plan.conflict(inAddresses: other, bridgeExists: true)?.contains("10.244.0.1/24 on ord-other") == true)
        let service = ours + "\n4: eth1    inet 10.96.7.7/24 scope global eth1"
        #expect(plan.conflict(inAddresses: service, bridgeExists: false)?.contains("service range") == true)
    }

    @Test func theConfigurationIsValidJSONWithOurBridgeAndRange() throws {
        let list = try JSON.parse(Array(Self.settings().cniConfiguration.utf8))
        let bridge = try #require(list["plugins"]?.array?.first)
        #expect(bridge["bridge"]?.string == InstanceNames(dataDirID: "a").bridge)
        #expect(bridge["ipam"]?["dataDir"]?.string == "/base/state/cni")
        #expect(bridge["isGateway"]?.bool == true)
        #expect(bridge["isDefaultGateway"] == nil)
    }
}
