internal import Glibc
internal import ObjectModel

/// The IPv4 addresses of this machine's interfaces.
enum MachineAddresses {
    /// At most so many count: a certificate with more is of no use to anybody.
    private static let limit = 64

    /// The addresses now, sorted.
    static func read() -> [IPv4Address] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<IPv4Address> = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else {
                continue
            }
            let number = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
            found.insert(IPv4Address(number: UInt32(bigEndian: number)))
        }
        return Array(found.sorted().prefix(limit))
    }
}
