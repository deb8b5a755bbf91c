internal import CoreMetrics
internal import Glibc
internal import MetricsExposition
internal import Synchronization

/// What every Prometheus client library tells of its process, and which build it is.
struct ProcessMetrics: Sendable {
    private let processorTime: CounterOfTotal
    private let resident: Meter
    private let virtual: Meter
    private let start: Meter
    private let openFiles: Meter
    private let mostFiles: Meter

    init(_ factory: any MetricsFactory) {
        func meter(_ name: String, _ labels: [(String, String)] = []) -> Meter {
            Meter(label: name, dimensions: labels, factory: factory)
        }
        processorTime = CounterOfTotal("process_cpu_seconds_total", factory)
        resident = meter("process_resident_memory_bytes")
        virtual = meter("process_virtual_memory_bytes")
        start = meter("process_start_time_seconds")
        openFiles = meter("process_open_fds")
        mostFiles = meter("process_max_fds")
        meter("kubernetes_build_info", [("git_version", Release.kubernetesVersion), ("platform", Release.platform)])
            .set(1)
        meter("ordinal_build_info", [("version", Release.version)]).set(1)
    }

    /// Sets what is so now; what the kernel does not tell stays as it was.
    func publish() {
        if let state = ProcessState(
            stat: DataDirectory.read("/proc/self/stat") ?? "", boot: DataDirectory.read("/proc/stat") ?? "")
        {
            processorTime.set(state.processorSeconds)
            resident.set(state.residentBytes)
            virtual.set(state.virtualBytes)
            start.set(state.startSeconds)
        }
        if let folder = opendir("/proc/self/fd") {
            var count = 0
            while let entry = readdir(folder) {
                if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
            }
            closedir(folder)
            // The folder itself was one.
            openFiles.set(count - 1)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { mostFiles.set(Double(limit.rlim_cur)) }
    }
}

/// What the kernel's texts say of a process.
struct ProcessState: Sendable, Hashable {
    let processorSeconds: Double
    let virtualBytes: Double
    let residentBytes: Double
    let startSeconds: Double

    /// Reads `/proc/PID/stat` and `/proc/stat`; nil when they are not as expected.
    init?(
        stat: String, boot: String, ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK)),
        pageSize: Int = sysconf(Int32(_SC_PAGESIZE))
    ) {
        // The name of the program, in brackets, may contain anything.
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
        let bootLine = boot.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let begin = Double(fields[19]), let virtual = Double(fields[20]), let pages = Double(fields[21]),
            let bootTime = bootLine.flatMap({ Double($0.dropFirst(6)) })
        else { return nil }
        let ticks = Double(ticksPerSecond)
        processorSeconds = (user + system) / ticks
        virtualBytes = virtual
        residentBytes = pages * Double(pageSize)
        startSeconds = bootTime + begin / ticks
    }
}

/// A counter of something whose total is known.
private final class CounterOfTotal: Sendable {
    private let counter: FloatingPointCounter
    private let last = Mutex(0.0)

    init(_ name: String, _ factory: any MetricsFactory) {
        counter = FloatingPointCounter(label: name, factory: factory)
    }

    func set(_ total: Double) {
        last.withLock { last in
            counter.increment(by: total - last)
            last = total
        }
    }
}
