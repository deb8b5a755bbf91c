internal import Kinds
internal import ObjectModel

/// The phase of a pod from its containers (kubelet's `getPhase`).
enum PodPhase: String, Sendable {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"

    /// Whether no other phase can follow.
    var isTerminal: Bool { self == .succeeded || self == .failed }

    /// The phase. `isTerminal`: nothing will be started any more and nothing runs.
    static func of(
        _ spec: PodSpecView, initContainers: [ContainerReport], containers: [ContainerReport], isTerminal: Bool
    ) -> PodPhase {
        if !isInitialized(spec, initContainers), !containers.contains(where: hasRun) {
            let failed = zip(spec.initContainers, initContainers).contains { container, report in
                if case .ended(let code) = report.stage { code != 0 && !container.isRestartable } else { false }
            }
            if isTerminal || (failed && spec.restartPolicy == "Never") { return .failed }
            return .pending
        }
        let counts = Counts(containers)
        if isTerminal { return counts.succeeded == containers.count ? .succeeded : .failed }
        if counts.waiting > 0 { return .pending }
        if counts.running > 0 || spec.restartPolicy == "Always" { return .running }
        if counts.succeeded == counts.ended { return .succeeded }
        return spec.restartPolicy == "Never" ? .failed : .running
    }

    /// Whether every init container has done its part.
    static func isInitialized(_ spec: PodSpecView, _ reports: [ContainerReport]) -> Bool {
        zip(spec.initContainers, reports).allSatisfy { container, report in isDone(container, report) }
    }

    static func isDone(_ container: ContainerView, _ report: ContainerReport) -> Bool {
        if container.isRestartable { return report.isStarted }
        if case .ended(code: 0) = report.stage { return true }
        return false
    }

    private static func hasRun(_ report: ContainerReport) -> Bool {
        if case .waiting(hasEnded: false) = report.stage { false } else { true }
    }

    private struct Counts {
        var waiting = 0
        var running = 0
        var ended = 0
        var succeeded = 0

        init(_ reports: [ContainerReport]) {
            for report in reports {
                switch report.stage {
                case .waiting(hasEnded: false): waiting += 1
                case .waiting(hasEnded: true): ended += 1
                case .running: running += 1
                case .ended(let code):
                    ended += 1
                    if code == 0 { succeeded += 1 }
                }
            }
        }
    }
}
