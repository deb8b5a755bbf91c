internal import Kinds

/// A port of a node that a pod takes.
struct HostPort: Sendable, Hashable {
    private static let everywhere = "0.0.0.0"
    private static let anywhere = "*"

    let transport: String
    let number: Int
    let address: String

    init(_ port: ContainerPortView) {
        self.init(port.transport, port.hostPort, address: port.hostIP)
    }

    private init(_ transport: String, _ number: Int, address: String) {
        self.transport = transport
        self.number = number
        self.address = address.isEmpty ? Self.everywhere : address
    }

    /// Whether it is on every address of the node.
    var isEverywhere: Bool { address == Self.everywhere }
    /// The same port on every address.
    var widened: HostPort { HostPort(transport, number, address: Self.everywhere) }
    /// The key under which takers are counted whatever their address.
    fileprivate var total: HostPort { HostPort(transport, number, address: Self.anywhere) }

    /// Whether one node cannot give both.
    func collides(with other: HostPort) -> Bool {
        transport == other.transport && number == other.number
            && (isEverywhere || other.isEverywhere || address == other.address)
    }
}

/// The ports that the pods of one node take.
struct HostPorts: Sendable {
    private var counts: [HostPort: Int] = [:]

    mutating func add(_ port: HostPort, sign: Int) {
        for key in [port, port.total] {
            let count = counts[key, default: 0] + sign
            counts[key] = count == 0 ? nil : count
        }
    }

    /// Whether nobody has this port, on its address or on all.
    func isFree(_ port: HostPort) -> Bool {
        if counts.isEmpty { return true }
        if port.isEverywhere { return counts[port.total] == nil }
        return counts[port] == nil && counts[port.widened] == nil
    }
}
