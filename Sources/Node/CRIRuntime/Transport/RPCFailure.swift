internal import GRPCCore
internal import NodeInterfaces

extension NodeInterfaces.RuntimeError {
    /// What a failed call means to the agent. `call` names one that never reached the runtime.
    init(_ error: any Error, during call: String) {
        switch error {
        case let error as NodeInterfaces.RuntimeError: self = error
        case let error as RPCError: self.init(rpc: error)
        case is CancellationError: self = .unavailable("\(call): cancelled")
        default: self = .unavailable("\(call): \(error)")
        }
    }

    private init(rpc error: RPCError) {
        // As gRPC's Go library has it, which is what events of upstream's nodes show.
        let message = "rpc error: code = \(error.code.name) desc = \(error.message)"
        switch error.code {
        case .notFound: self = .notFound(message)
        case .deadlineExceeded: self = .timedOut(message)
        case .unavailable, .cancelled: self = .unavailable(message)
        // containerd reports many an absent object as UNKNOWN with the cause in words.
        case .unknown where error.message.hasSuffix("not found"): self = .notFound(message)
        // The CRI plugin is still reading what a former containerd left.
        case _ where error.message.contains("server is not initialized yet"): self = .unavailable(message)
        default: self = .failed(message)
        }
    }
}

extension RPCError.Code {
    /// Its name in Go: `DeadlineExceeded`.
    var name: String {
        if self == .cancelled { return "Canceled" }
        return description.prefix(1).uppercased() + description.dropFirst()
    }
}
