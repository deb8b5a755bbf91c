internal import ObjectModel

/// The cells of a pod's row that need more than one look-up (upstream's `printPod`).
struct PodRow {
    private(set) var readyContainers = 0
    private(set) var totalContainers: Int
    private(set) var status: String
    private(set) var restarts = 0
    private var lastRestart: Timestamp?

    init(_ pod: PodView) {
        totalContainers = pod.spec.containers.count + pod.spec.initContainers.filter(\.isRestartable).count
        status = pod.status.reason.isEmpty ? pod.status.phase : pod.status.reason
        if pod.status.conditions.contains(where: { $0.type == "PodScheduled" && $0.reason == "SchedulingGated" }) {
            status = "SchedulingGated"
        }
        let sidecars = Set(pod.spec.initContainers.filter(\.isRestartable).map(\.name))
        let isInitializing = readInitContainers(of: pod, sidecars: sidecars)
        if !isInitializing || pod.status.conditions.condition("Initialized")?.isTrue == true {
            restarts = 0
            lastRestart = nil
            for container in pod.status.initContainerStatuses where sidecars.contains(container.name) {
                countRestarts(of: container)
            }
            readContainers(of: pod)
        }
        guard pod.isTerminating else { return }
        if pod.status.reason == "NodeLost" {
            status = "Unknown"
        } else if !pod.isTerminal {
            status = "Terminating"
        }
    }

    func restartsText(now: Timestamp) -> String {
        guard restarts != 0, let lastRestart else { return String(restarts) }
        return "\(restarts) (\(HumanDuration.since(lastRestart, now: now)) ago)"
    }

    /// Reads up to the first init container that is not finished; whether there is one.
    private mutating func readInitContainers(of pod: PodView, sidecars: Set<String>) -> Bool {
        for (index, container) in pod.status.initContainerStatuses.enumerated() {
            countRestarts(of: container)
            if container.termination?.exitCode == 0 { continue }
            if sidecars.contains(container.name), container.started == true {
                if container.ready { readyContainers += 1 }
                continue
            }
            switch container.state {
            case .terminated(let end): status = "Init:\(Self.text(end))"
            case .waiting(let reason, _) where !reason.isEmpty && reason != "PodInitializing":
                status = "Init:\(reason)"
            default: status = "Init:\(index)/\(pod.spec.initContainers.count)"
            }
            return true
        }
        return false
    }

    private mutating func readContainers(of pod: PodView) {
        var hasRunning = false
        var failure = ""
        for container in pod.status.containerStatuses.reversed() {
            countRestarts(of: container)
            switch container.state {
            case .waiting(let reason, _): if !reason.isEmpty { status = reason }
            case .terminated(let end):
                status = Self.text(end)
                if end.exitCode != 0 { failure = status }
            case .running:
                guard container.ready else { continue }
                hasRunning = true
                readyContainers += 1
            }
        }
        guard status == "Completed" else { return }
        if hasRunning, pod.isReady {
            status = "Running"
        } else if !failure.isEmpty {
            status = failure
        } else if hasRunning {
            status = "NotReady"
        }
    }

    private mutating func countRestarts(of container: ContainerStatusView) {
        restarts += container.restartCount
        guard let end = container.lastTermination?.finishedAt else { return }
        lastRestart = max(lastRestart ?? end, end)
    }

    private static func text(_ end: ContainerStatusView.Termination) -> String {
        if !end.reason.isEmpty { return end.reason }
        return end.signal != 0 ? "Signal:\(end.signal)" : "ExitCode:\(end.exitCode)"
    }
}

enum PodCells {
    static let all: [String: Cell] = [
        "Name": Cells.name,
        "Ready": { object, _ in
            let row = PodRow(PodView(object))
            return .string("\(row.readyContainers)/\(row.totalContainers)")
        },
        "Status": { object, _ in .string(PodRow(PodView(object)).status) },
        "Restarts": { object, now in .string(PodRow(PodView(object)).restartsText(now: now)) },
        "Age": Cells.age,
        "IP": { object, _ in
            let address = object.child("status").items("podIPs").first?.text("ip") ?? ""
            return .string(address.isEmpty ? Cells.none : address)
        },
        "Node": Cells.text("spec", "nodeName", fallback: Cells.none),
        "Nominated Node": Cells.text("status", "nominatedNodeName", fallback: Cells.none),
        "Readiness Gates": { object, _ in .string(readinessGates(PodView(object))) },
    ]

    private static func readinessGates(_ pod: PodView) -> String {
        let gates = pod.spec.readinessGates
        if gates.isEmpty { return Cells.none }
        let met = gates.filter { pod.status.conditions.condition($0)?.isTrue == true }
        return "\(met.count)/\(gates.count)"
    }
}
