#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a machine says about itself (`status.nodeInfo`).
package struct NodeFacts: Sendable, Hashable {
    /// Kubernetes' name of the architecture: `amd64`, `arm64`, ….
    package var architecture = ""
    /// `linux`.
    package var operatingSystem = "linux"
    /// The kernel's release.
    package var kernelVersion = ""
    /// The distribution's name for people.
    package var osImage = ""
    /// The installation's id.
    package var machineID = ""
    /// The hardware's id.
    package var systemUUID = ""
    /// This boot's id.
    package var bootID = ""
    /// Processors, in thousandths.
    package var milliCPU: Int64 = 0
    /// Memory in bytes.
    package var memoryBytes: Int64 = 0

    /// Nothing is known.
    package init() {}

    /// Reads the facts out of the texts of the files that hold them; what is missing stays empty.
    package init(
        kernelRelease: String, machine: String, osRelease: String, memory: String, machineID: String,
        systemUUID: String, bootID: String, processors: Int
    ) {
        architecture = Self.architecture(of: machine)
        kernelVersion = kernelRelease
        osImage = Self.prettyName(osRelease)
        self.machineID = Self.firstLine(machineID)
        self.systemUUID = Self.firstLine(systemUUID)
        self.bootID = Self.firstLine(bootID)
        if self.systemUUID.isEmpty { self.systemUUID = self.machineID }
        milliCPU = Int64(processors) * 1000
        memoryBytes = Self.totalMemory(memory)
    }

    private static func architecture(of machine: String) -> String {
        switch machine {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        case "armv7l", "armv6l": "arm"
        case "i386", "i686": "386"
        default: machine
        }
    }

    private static func prettyName(_ release: String) -> String {
        let prefix = "PRETTY_NAME="
        guard let line = release.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else { return "Linux" }
        var name = line.dropFirst(prefix.count)
        if name.count >= 2, let quote = name.first, quote == "\"" || quote == "'", name.last == quote {
            name = name.dropFirst().dropLast()
        }
        return String(name)
    }

    private static func totalMemory(_ text: String) -> Int64 {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        let words = line?.split(separator: " ") ?? []
        return words.count >= 2 ? (Int64(words[1]) ?? 0) * 1024 : 0
    }

    private static func firstLine(_ text: String) -> String {
        text.split(separator: "\n").first.map { String($0.filter { $0 != " " }) } ?? ""
    }
}

extension NodeFacts {
    /// Reads the machine this runs on.
    package static func ofThisMachine() -> NodeFacts {
        var name = utsname()
        uname(&name)
        return NodeFacts(
            kernelRelease: text(of: name.release), machine: text(of: name.machine), osRelease: text("/etc/os-release"),
            memory: text("/proc/meminfo"), machineID: text("/etc/machine-id"),
            systemUUID: text("/sys/class/dmi/id/product_uuid"), bootID: text("/proc/sys/kernel/random/boot_id"),
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The bytes of the file system that holds `path`; 0 when it cannot be told.
    package static func diskBytes(at path: String) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return 0 }
        return Int64(status.f_blocks) * Int64(status.f_frsize)
    }

    private static func text<Tuple>(of field: Tuple) -> String {
        withUnsafeBytes(of: field) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// A file of the kernel, at most 64 KiB; empty when it cannot be read.
    private static func text(_ path: String) -> String {
        LogFile(path).map { String(decoding: $0.read(at: 0), as: UTF8.self) } ?? ""
    }
}
