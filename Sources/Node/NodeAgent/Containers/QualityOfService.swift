internal import Kinds
internal import ObjectModel

/// The quality of service of a pod, from the requests and limits of its containers (upstream's `ComputePodQOS`).
enum QualityOfService: String, Sendable {
    case guaranteed = "Guaranteed"
    case burstable = "Burstable"
    case bestEffort = "BestEffort"

    init(_ spec: PodSpecView) {
        let containers = spec.containers + spec.initContainers
        let counted = ["cpu", "memory"]
        let amounts = containers.flatMap { container in
            counted.flatMap { [container.requests[$0], container.limits[$0]] }
        }
        if amounts.allSatisfy({ $0?.isZero ?? true }) {
            self = .bestEffort
            return
        }
        let isGuaranteed = containers.allSatisfy { container in
            counted.allSatisfy { name in
                guard let limit = container.limits[name], !limit.isZero else { return false }
                return container.requests[name].map { $0 == limit } ?? true
            }
        }
        self = isGuaranteed ? .guaranteed : .burstable
    }
}
