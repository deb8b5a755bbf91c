import APIProtocol
import ObjectModel
import Synchronization

/// Answers requests with prepared replies, in order, and remembers what was asked.
final class ScriptedTransport: APITransport {
    enum Reply: Sendable {
        case object(Value)
        case status(APIStatus)
        case lines([Value])
        case failure(TransportError)
    }

    private let state: Mutex<(replies: [Reply], requests: [String])>

    init(_ replies: [Reply]) { state = Mutex((replies, [])) }

    var requests: [String] { state.withLock { $0.requests } }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        let reply = state.withLock { state -> Reply? in
            let watch = request.queryFlag("watch") ? "watch \(request.query("resourceVersion") ?? "") " : ""
            state.requests.append("\(watch)\(request.method.rawValue) \(request.path)")
            return state.replies.isEmpty ? nil : state.replies.removeFirst()
        }
        switch reply {
        case .object(let value): return .json(value)
        case .status(let status): return .status(status)
        case .failure(let error): throw error
        case .lines(let lines):
            let bytes: [UInt8] = lines.flatMap { line -> [UInt8] in JSON.write(line) + [0x0A] }
            return APIResponse(code: 200, body: .bytes(bytes))
        case nil: throw .unreachable("the script has ended")
        }
    }
}
