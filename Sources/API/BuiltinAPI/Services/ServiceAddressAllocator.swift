package import ObjectModel

/// Which cluster addresses and node ports Services have, and which one the next gets: pure.
///
/// As upstream, random picks come from the upper part of the range first, so that the lower part (a sixteenth, 16 to 256
/// addresses) stays for addresses that people choose. The first and the tenth address belong to the API's Service and
/// to DNS.
package struct ServiceAddressAllocator: Sendable {
    /// What a Service has.
    struct Claims: Sendable, Hashable {
        var addresses: Set<IPv4Address> = []
        var ports: Set<Int> = []
    }

    /// The node ports.
    static let nodePorts = 30_000...32_767
    /// How long a pick is not repeated: longer than any request takes.
    static let pickLifetime = Duration.seconds(120)
    /// The Service of the API.
    package static let apiService = NamespacedName(namespace: "default", name: "kubernetes")
    /// The Service of cluster DNS.
    package static let dnsService = NamespacedName(namespace: "kube-system", name: "kube-dns")

    /// Where addresses come from.
    let range: IPv4Range
    private let fixed: [IPv4Address: String]
    private var addresses = ClaimPool<IPv4Address>()
    private var ports = ClaimPool<Int>()

    /// An allocator without Services.
    package init(range: IPv4Range) {
        self.range = range
        let pairs = [(1, Self.apiService), (10, Self.dnsService)].compactMap { offset, service in
            range.address(at: offset).map { ($0, service.description) }
        }
        fixed = Dictionary(uniqueKeysWithValues: pairs)
    }

    /// What the object of a Service has.
    static func claims(of service: Value) -> Claims {
        let spec = service["spec"] ?? .emptyObject
        var claims = Claims()
        if spec["type"]?.string != "ExternalName" {
            let listed = (spec["clusterIPs"]?.array ?? []) + [spec["clusterIP"] ?? .null]
            claims.addresses = Set(listed.compactMap { $0.string.flatMap(IPv4Address.init) })
        }
        var given = (spec["ports"]?.array ?? []).compactMap { $0["nodePort"]?.int }
        if let healthCheck = spec["healthCheckNodePort"]?.int { given.append(healthCheck) }
        claims.ports = Set(given.filter { $0 != 0 })
        return claims
    }

    /// What the store says that a Service has; nothing when it went.
    mutating func observe(_ claims: Claims, of owner: String) {
        addresses.observe(claims.addresses, of: owner)
        ports.observe(claims.ports, of: owner)
    }

    /// Forgets what the store said, before it is read anew.
    mutating func forgetOwners() {
        addresses.forgetOwners()
        ports.forgetOwners()
    }

    /// Why `owner` cannot have an address, in upstream's words; nil when it can.
    func problem(with address: IPv4Address, for owner: String) -> String? {
        guard range.contains(address), address != range.base, address != range.address(at: range.count - 1) else {
            return "the provided IP (\(address)) is not in the valid range. The range of valid IPs is \(range)"
        }
        let isTaken = !addresses.isAvailable(address, to: owner) || (fixed[address] ?? owner) != owner
        return isTaken ? "provided IP is already allocated" : nil
    }

    /// Why `owner` cannot have a node port, in upstream's words; nil when it can.
    func problem(withPort port: Int, for owner: String) -> String? {
        guard Self.nodePorts.contains(port) else {
            let range = "\(Self.nodePorts.lowerBound)-\(Self.nodePorts.upperBound)"
            return "provided port is not in the valid range. The range of valid ports is \(range)"
        }
        return ports.isAvailable(port, to: owner) ? nil : "provided port is already allocated"
    }

    /// A free address; nil when there is none. `random` draws from a range.
    mutating func pickAddress(at now: Timestamp, random: (ClosedRange<Int>) -> Int) -> IPv4Address? {
        let last = range.count - 2
        guard last >= 1 else { return nil }
        let lower = range.count <= 16 ? 1 : min(max(16, range.count / 16), 256)
        let isFree = { [range, fixed, addresses] (offset: Int) -> Bool in
            guard let address = range.address(at: offset) else { return false }
            return fixed[address] == nil && addresses.isFree(address, at: now)
        }
        let offset =
            Self.offsets(lower...last, random).first(where: isFree)
            ?? Self.offsets(1...max(lower - 1, 1), random).first(where: isFree)
        guard let address = offset.flatMap(range.address(at:)) else { return nil }
        addresses.notePick(address, until: now + Self.pickLifetime, at: now)
        return address
    }

    /// A free node port; nil when there is none.
    mutating func pickPort(at now: Timestamp, random: (ClosedRange<Int>) -> Int) -> Int? {
        let ring = Self.offsets(Self.nodePorts, random)
        guard let port = ring.first(where: { ports.isFree($0, at: now) }) else { return nil }
        ports.notePick(port, until: now + Self.pickLifetime, at: now)
        return port
    }

    private static func offsets(_ bounds: ClosedRange<Int>, _ random: (ClosedRange<Int>) -> Int) -> OffsetRing {
        OffsetRing(bounds: bounds, start: random(bounds))
    }

    /// Keeps what a passing write claims.
    mutating func reserve(_ claims: Claims, for owner: String) {
        addresses.reserve(claims.addresses, for: owner)
        ports.reserve(claims.ports, for: owner)
    }

    /// A write has ended; what it stored was observed before.
    mutating func endReservation(of claims: Claims, for owner: String) {
        addresses.endReservation(of: claims.addresses, for: owner)
        ports.endReservation(of: claims.ports, for: owner)
    }
}

/// The numbers of a range, once each, from a start around to it.
private struct OffsetRing: Sequence {
    let bounds: ClosedRange<Int>
    let start: Int

    func makeIterator() -> AnyIterator<Int> {
        var offset = 0
        return AnyIterator {
            guard offset < bounds.count else { return nil }
            defer { offset += 1 }
            return bounds.lowerBound + (start - bounds.lowerBound + offset) % bounds.count
        }
    }
}
