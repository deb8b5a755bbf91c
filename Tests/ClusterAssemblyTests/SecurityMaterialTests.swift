import ObjectModel
import Testing

@testable import ClusterAssembly

@Suite struct SecurityMaterialTests {
    @Test(arguments: [
        ("127.0.0.1", ["10.96.0.1", "127.0.0.1"]),
        ("192.0.2.7", ["10.96.0.1", "127.0.0.1", "192.0.2.7"]),
        ("0.0.0.0", ["0.0.0.0", "10.96.0.1", "127.0.0.1", "192.0.2.7", "198.51.100.9"]),
    ])
    func theCertificateIsForTheAddressesThatClientsUse(_ listen: String, _ expected: [String]) throws {
        var configuration = ClusterConfiguration(dataDirectory: "/nonexistent")
        configuration.listenHost = listen
        let machine = try ["127.0.0.1", "192.0.2.7", "198.51.100.9"].map { try #require(IPv4Address($0)) }
        let addresses = SecurityMaterial.addresses(configuration, nil, machine: machine)
        #expect(addresses.map(\.description) == expected)
    }
}
