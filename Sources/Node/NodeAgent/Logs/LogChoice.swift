package import APIProtocol
package import NodeInterfaces
package import ObjectModel

/// Chooses the instance of a container whose log a request means (kubelet's `validateContainerLogStatus`).
package enum LogChoice {
    /// The instance, of what the runtime has of the pod; throws 400 in kubelet's words when there is none.
    /// `waitingReason` is the container's waiting reason by its status; nil when it is not waiting.
    package static func choose(
        _ request: LogRequest, in runtime: RuntimePod, waitingReason: String?
    ) throws(APIStatus) -> ContainerState {
        let instances = runtime.containers.filter { $0.name == request.container && hasRun($0) }
            .sorted { $0.attempt > $1.attempt }
        let subject = "container \"\(request.container)\" in pod \"\(request.pod.name)\""
        guard request.previous else {
            if let newest = instances.first { return newest }
            throw .badRequest("\(subject) is waiting to start\(waiting(waitingReason))")
        }
        // While it waits to be started again, the instance that just ended is the previous one.
        let former = waitingReason == nil ? instances.dropFirst().first : instances.first
        guard let former, !isRunning(former) else {
            throw .badRequest("previous terminated \(subject) not found")
        }
        return former
    }

    /// Whether an instance runs, so that its log may grow.
    package static func isRunning(_ state: ContainerState) -> Bool {
        if case .running = state.phase { true } else { false }
    }

    private static func hasRun(_ state: ContainerState) -> Bool { state.phase != .created }

    private static func waiting(_ reason: String?) -> String {
        switch reason {
        case nil, "": " - no logs yet"
        case "ErrImagePull": ": image can't be pulled"
        case "ImagePullBackOff": ": trying and failing to pull image"
        case .some(let reason): ": \(reason)"
        }
    }
}
