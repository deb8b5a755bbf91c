internal import ObjectModel
package import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The pod network of this machine: bridge, CNI configuration, kernel settings, the cluster DNS's address.
///
/// Pods' traffic to the outside is masqueraded by the Service rules (ServiceProxy), which own the nftables table.
package struct NodeNetwork: Sendable {
    /// Debian's ip.
    package static let ip = SystemProgram(name: "ip", debianPackage: "iproute2")
    /// What it is made from.
    package let settings: PodNetworkSettings
    private let plan: LinkPlan

    /// The network for some settings.
    package init(_ settings: PodNetworkSettings) {
        self.settings = settings
        plan = LinkPlan(settings)
    }

    /// Makes what is missing and leaves the rest: running pods keep their network. Call before containerd starts,
    /// which overlooks a CNI configuration that appears later.
    package func setUp() async throws(NetworkError) {
        if let problem = settings.problem { throw .unusableSettings(problem) }
        guard access("\(settings.pluginDirectory)/bridge", X_OK) == 0 else {
            throw .program(.missing(SystemProgram(name: "bridge", debianPackage: "containernetworking-plugins")))
        }
        let addresses = try await run(Self.ip, ["-o", "-4", "addr", "show"])
        let bridgeExists = hasBridge
        if let conflict = plan.conflict(inAddresses: addresses, bridgeExists: bridgeExists) {
            throw .unusableSettings(conflict)
        }
        try await batch(plan.setUpLines(bridgeExists: bridgeExists))
        try await setKernelOptions()
        try writeConfiguration()
    }

    /// Removes everything host-wide: bridge, DNS address, nftables table, CNI configuration, and the chains of host ports
    /// that nobody uses. What is gone already is no error. Forwarding stays on, because others may use it.
    package func tearDown(_ rules: any RulesetApplier = NFTCommand()) async throws(NetworkError) {
        // Adding before deleting makes the deletion succeed whether or not the table is there.
        let table = settings.names.nftTable
        try await rules.apply("table ip \(table) {}\ndelete table ip \(table)\n")
        try await removeHostPortChains()
        // Without our bridge nothing else of ours is there, and the DNS address would be another instance's.
        guard hasBridge else { return removeConfiguration() }
        for line in plan.tearDownLines {
            do { try await Self.ip.run(line.split(separator: " ").map(String.init)) } catch {
                if case .failed = error { continue }
                throw .program(error)
            }
        }
        removeConfiguration()
    }

    // Not by /sys, which shows the interfaces of the namespace it was mounted in.
    private var hasBridge: Bool { if_nametoindex(settings.names.bridge) != 0 }

    private func removeConfiguration() { unlink(configurationPath) }

    private var configurationPath: String { settings.cniConfigurationDirectory + "/10-ordinal.conflist" }

    private func setKernelOptions() async throws(NetworkError) {
        try writeFile("1", to: "/proc/sys/net/ipv4/ip_forward")
        // Node ports are to work on 127.0.0.1 too.
        try writeFile("1", to: "/proc/sys/net/ipv4/conf/\(settings.names.bridge)/route_localnet")
        let bridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        if access(bridgeFilter, F_OK) != 0 {
            try await run(SystemProgram(name: "modprobe", debianPackage: "kmod"), ["br_netfilter"])
        }
        // Without it the answer of a pod on the same bridge passes by the translation of Service addresses.
        try writeFile("1", to: bridgeFilter)
    }

    private func writeConfiguration() throws(NetworkError) {
        try makeDirectories(settings.cniConfigurationDirectory)
        try writeFile(settings.cniConfiguration, to: configurationPath)
    }

    @discardableResult
    private func run(_ program: SystemProgram, _ arguments: [String]) async throws(NetworkError) -> String {
        do { return try await program.run(arguments) } catch { throw .program(error) }
    }

    private func batch(_ lines: [String]) async throws(NetworkError) {
        let input = lines.map { $0 + "\n" }.joined()
        do { try await Self.ip.run(["-batch", "-"], input: input) } catch { throw .program(error) }
    }

    /// Writes in place, as kernel settings need it and as containerd notices it.
    private func writeFile(_ text: String, to path: String) throws(NetworkError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .file(path: path, reason: systemErrorText(errno)) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else {
            throw .file(path: path, reason: systemErrorText(errno))
        }
    }

    private func makeDirectories(_ path: String) throws(NetworkError) {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, 0o755) == 0 || errno == EEXIST || access(current, F_OK) == 0 else {
                throw .file(path: current, reason: systemErrorText(errno))
            }
        }
    }
}
