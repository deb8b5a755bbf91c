internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// Turns requests and limits into what the kernel understands (kubelet's `cm` and `qos`).
enum ContainerLimits {
    static func of(_ container: ContainerView, pod spec: PodSpecView, memoryCapacity: Int64) -> ResourceLimits {
        let cpu = container.requests["cpu"] ?? container.limits["cpu"]
        return ResourceLimits(
            cpuShares: shares(milli: cpu?.milli ?? 0), cpuQuotaMicroseconds: container.limits["cpu"].flatMap(quota),
            memoryBytes: container.limits["memory"].flatMap { $0.isZero ? nil : $0.roundedUp },
            oomScoreAdjust: oomScore(container, QualityOfService(spec), memoryCapacity))
    }

    /// The limits of the whole pod, which hold only where every container has one.
    static func ofPod(_ spec: PodSpecView) -> ResourceLimits {
        let requests = spec.totalRequests
        let all = spec.containers + spec.initContainers.filter(\.isRestartable)
        func sum(_ name: String) -> Quantity? {
            let limits = all.map { $0.limits[name] }
            guard !limits.isEmpty, limits.allSatisfy({ $0.map { !$0.isZero } ?? false }) else { return nil }
            return limits.compactMap { $0 }.reduce(Quantity(0), +)
        }
        var limits = ResourceLimits(
            cpuShares: shares(milli: requests["cpu"]?.milli ?? 0), cpuQuotaMicroseconds: sum("cpu").flatMap(quota))
        let oneTime = spec.initContainers.filter { !$0.isRestartable }
        // An init container may need more than the others together.
        if oneTime.allSatisfy({ $0.limits["memory"] != nil }), let memory = sum("memory") {
            limits.memoryBytes = oneTime.compactMap { $0.limits["memory"]?.roundedUp }.reduce(memory.roundedUp, max)
        }
        if !oneTime.isEmpty { limits.cpuQuotaMicroseconds = nil }
        return limits
    }

    private static func shares(milli: Int64) -> Int64 {
        min(max(milli.multipliedSaturating(by: 1024) / 1000, 2), 262_144)
    }
    private static func quota(_ limit: Quantity) -> Int64? {
        limit.isZero ? nil : max(limit.milli.multipliedSaturating(by: 100), 1000)
    }

    private static func oomScore(_ container: ContainerView, _ quality: QualityOfService, _ capacity: Int64) -> Int {
        switch quality {
        // Upstream asks for -997, which a process without CAP_SYS_RESOURCE cannot have.
        case .guaranteed: return 0
        case .bestEffort: return 1000
        case .burstable:
            let request = container.requests["memory"]?.roundedUp ?? 0
            let share = min(max(Double(request) * 1000 / Double(max(capacity, 1)), 0), 1000)
            return min(max(1000 - Int(share), 3), 999)
        }
    }
}
